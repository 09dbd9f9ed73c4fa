import { cpSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type ProcessResult, type RunOptions, runProcess } from "../../src/base/process.ts";
import { built } from "../support/built.ts";
import { describeOnEngine } from "./support/engine.ts";
import { filesIn } from "./support/project.ts";
import { Stack } from "./support/stack.ts";

const COMPOSE = `
services:
  api:
    image: busybox:1
    entrypoint: [sleep]
    command: ["100000"]
    init: true
  store:
    image: busybox:1
    entrypoint: [sleep]
    command: ["100000"]
    init: true
    volumes: ["data:/data"]
volumes: {data: {}}
`;
const ENV = "PASSWORD=x";

describeOnEngine("two folders on one engine", () => {
  let stack: Stack;
  let beside: string;
  let before: Record<string, string>;
  const cliIn = (dir: string, args: readonly string[], options: RunOptions = {}): Promise<ProcessResult> =>
    runProcess(process.execPath, [built("cli.mjs"), ...args], { cwd: dir, deadlineMs: 240_000, ...options });
  const ids = async () =>
    [...(await stack.containers())].map(([service, { Id, State }]) => `${service} ${Id} ${State.StartedAt}`).sort();
  const volumes = async () => {
    const filter = `label=com.docker.compose.project=${stack.name}`;
    const { stdout } = await stack.project.docker(["volume", "ls", "-q", "--filter", filter]);
    return stdout.split("\n").filter((name) => name !== "");
  };

  beforeAll(async () => {
    stack = await Stack.in({ "compose.yaml": COMPOSE });
    stack.write(".env", `${stack.read(".env")}${ENV}`);
    before = filesIn(stack.project.dir);
    await stack.init("--app", "api=shop");
    await stack.up();
    beside = mkdtempSync(join(tmpdir(), "folders-"));
  });
  afterAll(async () => {
    await stack?.[Symbol.asyncDispose]();
    rmSync(beside, { recursive: true, force: true });
  });

  it("labels our containers and volumes with the instance id, and nothing of the user's", async () => {
    const { instance } = JSON.parse(stack.read(".glitchtip/manifest.json"));
    expect(instance).toMatch(/^[0-9a-f]{16}$/);
    const containers = await stack.containers();
    expect(containers.get("glitchtip")?.Config.Labels["glitchtip-compose.instance"]).toBe(instance);
    expect(containers.get("store")?.Config.Labels["glitchtip-compose.instance"]).toBeUndefined();
    const filter = ["--filter", `label=glitchtip-compose.instance=${instance}`];
    const { stdout } = await stack.project.docker(["volume", "ls", "-q", ...filter]);
    expect(stdout.trim().split("\n").sort()).toEqual(
      (await volumes()).filter((name) => !name.endsWith("_data")).sort(),
    );
  });

  it("refuses the second one, a clone or a new workspace, and leaves the first one's stack alone", async () => {
    const running = await ids();
    const clone = join(beside, "clone");
    cpSync(stack.project.dir, clone, { recursive: true });
    const fresh = join(beside, "fresh");
    mkdirSync(fresh);
    for (const path of ["compose.yaml", ".env"]) writeFileSync(join(fresh, path), before[path] ?? "");
    const refused: readonly (readonly [string, ...string[]])[] = [
      [clone, "init", "--yes"],
      [clone, "up"],
      [clone, "down"],
      [clone, "down", "--volumes", "--dry-run"],
      [clone, "clean", "--dry-run"],
      [clone, "uninstall", "--confirm", stack.name],
      [clone, "secrets", "rotate", "db-password", "--yes"],
      [fresh, "init", "--yes", "--app", "api=shop"],
    ];
    for (const [dir, ...args] of refused) {
      const { code, stderr } = await cliIn(dir, args);
      expect(stderr, args.join(" ")).toMatch(/^error GC1611/m);
      expect(stderr).toContain(stack.project.dir);
      expect(stderr).toContain("COMPOSE_PROJECT_NAME=");
      expect(code).toBe(1);
    }
    for (const command of ["status", "doctor"]) {
      const { code, stdout } = await cliIn(clone, [command, "--json"]);
      expect(code, command).toBe(1);
      expect(stdout).toContain(stack.project.dir);
    }
    expect(filesIn(fresh)).toEqual({ "compose.yaml": COMPOSE, ".env": before[".env"] });
    expect(await ids()).toEqual(running);
    expect((await stack.project.cli(["status"])).code).toBe(0);
    const alone = await cliIn(clone, ["uninstall", "--files-only", "--confirm", stack.name]);
    expect(alone).toMatchObject({ code: 0 });
    expect(await ids()).toEqual(running);
  });

  it("keeps the stack of a folder that was renamed, once it is told to", async () => {
    const { dir } = stack.project;
    const moved = join(beside, "moved");
    renameSync(dir, moved);
    try {
      expect(await cliIn(moved, ["up"])).toMatchObject({ code: 1, stderr: expect.stringContaining("--take-over") });
      expect(await cliIn(moved, ["up", "--take-over"])).toMatchObject({ code: 0 });
      expect(await cliIn(moved, ["doctor"])).toMatchObject({ code: 0 });
      expect(await cliIn(moved, ["status"])).toMatchObject({ code: 0 });
    } finally {
      renameSync(moved, dir);
    }
    expect((await stack.project.cli(["up", "--take-over"])).code).toBe(0);
  });

  it("says under which name the data of a renamed folder is", async () => {
    const env = stack.read(".env");
    stack.write(".env", env.replace(`COMPOSE_PROJECT_NAME=${stack.name}`, `COMPOSE_PROJECT_NAME=${stack.name}-new`));
    try {
      const { stderr } = await stack.project.cli(["init", "--yes", "--dry-run"]);
      expect(stderr).toContain(`COMPOSE_PROJECT_NAME=${stack.name} `);
    } finally {
      stack.write(".env", env);
    }
  });

  it("lets one of two rotations work at a time, and the stored password signs in afterwards", async () => {
    for (let round = 0; round < 3; round++) {
      const rotate = () => stack.project.cli(["secrets", "rotate", "db-password", "--yes"]);
      const results = await Promise.all([rotate(), rotate()]);
      expect(results.map(({ code, stderr }) => `${code} ${code === 0 ? "" : stderr}`)).toEqual(["0 ", "0 "]);
      expect(results.some(({ stderr }) => /secrets rotate db-password \(process \d+\) is running/.test(stderr))).toBe(
        true,
      );
      expect((await stack.project.cli(["verify"])).code).toBe(0);
    }
  });

  it("rotates a password that the database does not have, while the server cannot sign in", async () => {
    const wrong = "ALTER ROLE CURRENT_USER PASSWORD 'another'";
    expect((await stack.project.cli(["psql", "-c", wrong])).code).toBe(0);
    await stack.compose(["restart", "-t", "1", "--no-deps", "glitchtip"]);
    const { code, stderr } = await stack.project.cli(["secrets", "rotate", "db-password", "--yes"]);
    expect(stderr).not.toContain("error");
    expect(code).toBe(0);
    await stack.up();
    expect((await stack.project.cli(["verify"])).code).toBe(0);
  });

  it("uninstalls: our containers, volumes and files go, the user's stay, byte for byte", async () => {
    const store = (await stack.container("store")).Id;
    const listed = await stack.project.cli(["uninstall", "--dry-run", "--json"]);
    expect(JSON.parse(listed.stdout).keptVolumes).toEqual([`${stack.name}_data`]);
    expect(await stack.project.cli(["uninstall"])).toMatchObject({ code: 2 });
    expect(await stack.project.cli(["uninstall", "--confirm", stack.name])).toMatchObject({ code: 0 });
    expect(filesIn(stack.project.dir)).toEqual(before);
    expect(await volumes()).toEqual([`${stack.name}_data`]);
    expect([...(await stack.containers()).keys()]).toEqual(["store"]);
    expect((await stack.container("store")).Id).toBe(store);
    await stack.up();
    expect([...(await stack.containers()).keys()].sort()).toEqual(["api", "store"]);
    expect((await stack.container("store")).Id).toBe(store);
  });
});
