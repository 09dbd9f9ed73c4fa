import { chmodSync, mkdtempSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type ProcessResult, runProcess } from "../../src/base/process.ts";
import { built } from "../support/built.ts";
import { describeOnEngine } from "./support/engine.ts";
import { freePorts } from "./support/project.ts";
import { Stack } from "./support/stack.ts";

const COMPOSE = `services:
  api:
    image: busybox:1
    entrypoint: [sleep]
    command: ["100000"]
    init: true
`;
const WITHIN_MS = 240_000;

/** A folder of one person, with a Compose project of its own on the engine that all of them share here. */
class Checkout {
  dir: string;
  constructor(dir: string) {
    this.dir = dir;
  }

  write(path: string, text: string, mode = 0o644): void {
    writeFileSync(join(this.dir, path), text);
    chmodSync(join(this.dir, path), mode);
  }

  compose(...args: string[]): Promise<ProcessResult> {
    return runProcess("docker", ["compose", ...args], { cwd: this.dir, deadlineMs: WITHIN_MS });
  }

  cli(...args: string[]): Promise<ProcessResult> {
    return runProcess(process.execPath, [built("cli.mjs"), ...args], { cwd: this.dir, deadlineMs: WITHIN_MS });
  }

  async git(...args: string[]): Promise<string> {
    const as = ["-c", "user.name=Ann", "-c", "user.email=ann@example.com", "-c", "init.defaultBranch=main"];
    const { code, stdout, stderr } = await runProcess("git", [...as, ...args], { cwd: this.dir });
    if (code !== 0) throw new Error(`git ${args.join(" ")}: ${stderr}`);
    return stdout;
  }

  async dsn(): Promise<string | undefined> {
    const { stdout } = await this.compose("exec", "-T", "api", "sh", "-c", "tr '\\0' '\\n' </proc/1/environ");
    const found = /^SENTRY_DSN=(.+)$/m.exec(stdout)?.[1];
    if (found !== undefined) return found;
    // With `init: true` the first process is tini, and the app its child.
    const child = await this.compose("exec", "-T", "api", "sh", "-c", "cat /proc/*/environ | tr '\\0' '\\n'");
    return /^SENTRY_DSN=(.+)$/m.exec(child.stdout)?.[1];
  }
}

describeOnEngine("a team: one repository, three people and a second worktree", () => {
  let stack: Stack;
  let beside: string;
  let ann: Checkout;
  let ben: Checkout;
  let cem: Checkout;
  let envOf: (name: string) => string;

  const clone = async (folder: string): Promise<Checkout> => {
    await ann.git("clone", "-q", ".", join(beside, folder));
    return new Checkout(join(beside, folder));
  };
  const ids = async () => [...(await stack.containers())].map(([name, { Id }]) => `${name} ${Id}`).sort();

  beforeAll(async () => {
    stack = await Stack.in({ "compose.yaml": COMPOSE, ".gitignore": ".env\n" });
    ann = new Checkout(stack.project.dir);
    beside = mkdtempSync(join(tmpdir(), "team-"));
    const ports = await freePorts(3);
    const numbered = new Map(["ben", "cem", "tree"].map((name, i) => [name, ports[i]]));
    envOf = (name) => `COMPOSE_PROJECT_NAME=${stack.name}-${name}\nGLITCHTIP_PORT=${numbered.get(name)}\n`;
    await ann.git("init", "-q");
    await ann.git("add", "-A");
    await ann.git("commit", "-qm", "an app");
    await ann.git("branch", "before-glitchtip");
    await stack.init("--app", "api=shop");
    await ann.git("add", "-A");
    await ann.git("commit", "-qm", "GlitchTip beside the app");
    await stack.up();
    [ben, cem] = [await clone("ben"), await clone("cem")];
  });
  afterAll(async () => {
    for (const name of ["ben", "cem", "tree"]) {
      const down = ["compose", "-p", `${stack?.name}-${name}`, "down", "-v", "--remove-orphans", "-t", "1"];
      await runProcess("docker", down, { cwd: tmpdir(), deadlineMs: WITHIN_MS });
    }
    await stack?.[Symbol.asyncDispose]();
    rmSync(beside, { recursive: true, force: true });
  });

  it("gives each clone a server and a DSN of its own, and leaves its .env as it was", async () => {
    const before = await ids();
    ben.write(".env", envOf("ben"), 0o600);
    const { code, stderr } = await ben.compose("up", "-d", "--wait");
    expect(code, stderr).toBe(0);
    expect(await ben.cli("init", "--yes")).toMatchObject({ code: 0 });
    expect(readFileSync(join(ben.dir, ".env"), "utf8")).toBe(envOf("ben"));
    expect(statSync(join(ben.dir, ".env")).mode & 0o777).toBe(0o600);
    expect(await ben.cli("doctor")).toMatchObject({ code: 0 });
    const dsns = [await ann.dsn(), await ben.dsn()];
    for (const dsn of dsns) expect(dsn).toMatch(/^http:\/\/[0-9a-f]{32}@glitchtip:8000\/\d+$/);
    expect(dsns[0]).not.toBe(dsns[1]);
    expect(await ids()).toEqual(before);
  });

  it("asks nobody to commit what another one's machine made", async () => {
    expect(await ann.git("status", "--porcelain")).toBe("");
    expect(await ben.git("status", "--porcelain")).toBe("");
  });

  it("keeps the stack of a folder that is renamed, once it is told to", async () => {
    cem.write(".env", envOf("cem"));
    expect(await cem.compose("up", "-d", "--wait")).toMatchObject({ code: 0 });
    const before = await cem.dsn();
    renameSync(cem.dir, join(beside, "cem-new"));
    cem.dir = join(beside, "cem-new");
    expect(await cem.cli("up")).toMatchObject({ code: 1, stderr: expect.stringContaining("--take-over") });
    expect(await cem.cli("up", "--take-over")).toMatchObject({ code: 0 });
    expect(await cem.dsn()).toBe(before);
    expect(await cem.cli("verify")).toMatchObject({ code: 0 });
    expect(await cem.git("status", "--porcelain")).toBe("");
  });

  it("has a branch without our files in which every docker compose command works", async () => {
    const tree = join(beside, "tree");
    await ann.git("worktree", "add", "-q", tree, "before-glitchtip");
    const worktree = new Checkout(tree);
    expect(await worktree.compose("config", "-q")).toMatchObject({ code: 0, stderr: "" });
    expect(JSON.parse((await worktree.compose("config", "--format", "json")).stdout).services).toEqual({
      api: expect.anything(),
    });
  });

  it("has a second worktree whose copied .env does not take the first one's stack", async () => {
    const before = await ids();
    const tree = new Checkout(join(beside, "tree"));
    await tree.git("checkout", "-q", "--detach", "main");
    tree.write(".env", readFileSync(join(ann.dir, ".env"), "utf8"));
    for (const args of [["up"], ["init", "--yes"], ["down"], ["clean", "--dry-run"]]) {
      expect(await tree.cli(...args), args.join(" ")).toMatchObject({
        code: 1,
        stderr: expect.stringMatching(new RegExp(`GC1611[^]*${ann.dir}`)),
      });
    }
    tree.write(".env", envOf("tree"));
    expect(await tree.cli("up")).toMatchObject({ code: 0 });
    expect(await tree.dsn()).not.toBe(await ann.dsn());
    expect(await ids()).toEqual(before);
  });
});
