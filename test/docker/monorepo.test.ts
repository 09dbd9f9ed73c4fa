import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { ProcessResult } from "../../src/base/process.ts";
import { privateFolder } from "../../src/outputs/private-folder.ts";
import { describeOnEngine } from "./support/engine.ts";
import { filesIn } from "./support/project.ts";
import { Stack } from "./support/stack.ts";

const SERVE = `process.on("SIGTERM", () => process.exit(0)); require("http").createServer((_, r) => r.end("ok")).listen(8000);`;
const FILES: Readonly<Record<string, string>> = {
  "compose.yaml": `services:
  api:
    build: { context: ., dockerfile: api/Dockerfile }
    volumes: [".:/src:ro"]
    networks: [back]
  web:
    build: ./web
    ports: ["\${APP_PORT}:8000"]
    networks: [front, back]
  jobs:
    build: { context: ., dockerfile: api/Dockerfile }
    profiles: [jobs]
    networks: [back]
  store:
    image: busybox:1
    command: [sleep, infinity]
    stop_grace_period: 0s
    networks: [back]
networks: { back: { internal: true }, front: {} }
`,
  "api/Dockerfile": `FROM node:24-slim\nWORKDIR /app\nCOPY . .\nCMD ["node", "api/server.js"]\n`,
  "api/server.js": SERVE,
  "web/Dockerfile": `FROM node:24-slim\nCOPY server.js /app/server.js\nENTRYPOINT ["node"]\nCMD ["/app/server.js"]\n`,
  "web/server.js": SERVE,
};
const APPS = ["api", "web", "jobs"];

describeOnEngine("a monorepo with build contexts, a bind mount, a profile and an internal network", () => {
  let stack: Stack;
  let before: Record<string, string>;
  let first: ProcessResult;

  beforeAll(async () => {
    stack = await Stack.in();
    for (const [path, text] of Object.entries(FILES)) {
      mkdirSync(dirname(join(stack.project.dir, path)), { recursive: true });
      writeFileSync(join(stack.project.dir, path), text);
    }
    before = filesIn(stack.project.dir);
    await stack.init("--build", ...APPS.flatMap((app) => ["--app", `${app}=${app}`]));
    first = await stack.compose(["up", "-d", "--wait", "--build"]);
  });
  afterAll(async () => {
    await stack?.project.docker(["rmi", "-f", ...APPS.map((app) => `${stack.name}-${app}`)]);
    await stack?.[Symbol.asyncDispose]();
  });

  const hasRoute = async (app: string) =>
    (await stack.exec(app, "cat", "/proc/net/route")).stdout
      .split("\n")
      .some((line) => line.split("\t")[1] === "00000000");

  it("starts with plain docker compose, and each app's event is read back", async () => {
    expect(first.code, first.stderr).toBe(0);
    const { stdout, stderr } = await stack.project.cli(["verify", "--json", "api", "web"]);
    expect(JSON.parse(stdout).apps, stderr).toMatchObject([
      { app: "api", ok: true },
      { app: "web", ok: true },
    ]);
    expect(await (await fetch(`http://127.0.0.1:${stack.project.ports.app}/`)).text()).toBe("ok");
  });

  it("gives an app of the internal network no way out, and the others keep theirs", async () => {
    expect([await hasRoute("api"), await hasRoute("web")]).toEqual([false, true]);
  });

  it("has no secret in an image, in a bind mount or in the folder after plan, apply and backup", async () => {
    const run = async (...words: string[]) => {
      const { code, stdout, stderr } = await stack.project.cli(words);
      expect(code, stderr).toBe(0);
      return stdout;
    };
    await run("apply", "--yes");
    await run("plan", "--server");
    const backup: string = JSON.parse(await run("backup", "create", "--json")).path;
    const kept = readFileSync(join(privateFolder(stack.project.dir), "apply", "state.json"), "utf8");
    const secrets = [
      ...(await Promise.all(["admin_password", "db_password", "secret_key"].map((name) => stack.secret(name)))),
      JSON.parse(kept).token.value as string,
      // How a dump of pg_dump begins.
      "PGDMP",
    ];
    expect(readFileSync(join(backup, "database.dump"), "latin1").startsWith("PGDMP")).toBe(true);
    expect(secrets.slice(0, -1).every((secret) => secret.length >= 16)).toBe(true);
    expect(await stack.compose(["up", "-d", "--wait", "--build"])).toMatchObject({ code: 0 });
    const layers = join(mkdtempSync(join(tmpdir(), "layers-")), "image.tar");
    try {
      await stack.project.docker(["save", "-o", layers, `${stack.name}-api`]);
      const image = readFileSync(layers);
      expect(image.includes(SERVE)).toBe(true);
      expect(secrets.filter((secret) => image.includes(secret))).toEqual([]);
    } finally {
      rmSync(dirname(layers), { recursive: true });
    }
    const patterns = secrets.flatMap((secret) => ["-e", secret]);
    for (const folder of ["/app", "/src"]) {
      // grep ends with 1 where nothing matches, and with 2 where it could not read.
      expect(await stack.exec("api", "grep", "-rlF", ...patterns, folder)).toMatchObject({ code: 1, stdout: "" });
    }
    const texts = Object.values(filesIn(stack.project.dir)).join("\n");
    for (const secret of secrets) expect(texts.includes(secret)).toBe(false);
  });

  it("hands a DSN to the app of a profile when the profile is started", async () => {
    const { code, stderr } = await stack.compose(["--profile", "jobs", "up", "-d", "--wait"]);
    expect(code, stderr).toBe(0);
    const { stdout } = await stack.project.cli(["verify", "--json"]);
    expect(JSON.parse(stdout).apps.map(({ app, ok }: { app: string; ok: boolean }) => [app, ok])).toEqual(
      APPS.map((app) => [app, true]),
    );
    expect(await stack.project.cli(["status"])).toMatchObject({ code: 0 });
    expect(await stack.project.cli(["doctor"])).toMatchObject({ code: 0 });
  });

  it("is byte for byte what it was after uninstall", async () => {
    expect(await stack.project.cli(["uninstall", "--confirm", stack.name])).toMatchObject({ code: 0 });
    expect(filesIn(stack.project.dir)).toEqual(before);
    expect(existsSync(privateFolder(stack.project.dir))).toBe(false);
    expect(await stack.compose(["--profile", "jobs", "up", "-d", "--wait"])).toMatchObject({ code: 0 });
  });
});
