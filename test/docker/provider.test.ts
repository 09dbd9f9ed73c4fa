import { chmodSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { built } from "../support/built.ts";
import { describeOnEngine } from "./support/engine.ts";
import { Stack } from "./support/stack.ts";

const CLI = built("cli.mjs");
const COMPOSE = `services:
  app:
    image: node:24-slim
    entrypoint: [node, -e, 'setInterval(() => {}, 1000); process.on("SIGTERM", () => process.exit(0))']
  other:
    image: busybox:1
    command: [sleep, infinity]
    stop_grace_period: 0s
`;

describeOnEngine("an app that a Compose provider hands its DSN, from a GlitchTip that runs already", () => {
  let server: Stack;
  let shop: Stack;
  /** A PATH with our program on it, as after `npm install --global`. */
  let withProgram: NodeJS.ProcessEnv;

  beforeAll(async () => {
    server = await Stack.sample();
    await server.up();
    shop = await Stack.in({ "compose.yaml": COMPOSE });
    shop.write("admin-password", await server.secret("admin_password"));
    const { ports } = server.project;
    shop.write(
      "glitchtip.yaml",
      `version: 1
server: { url: "http://127.0.0.1:${ports.glitchtip}", containerUrl: "http://glitchtip:8000", network: ${server.name}_glitchtip }
admin: { email: admin@example.com, password: "file:./admin-password" }
organization: Acme
projects: { shop: {} }
apps: { app: { project: shop, inject: provider } }
`,
    );
    const bin = join(shop.project.dir, "bin");
    mkdirSync(bin);
    writeFileSync(join(bin, "glitchtip-compose"), `#!/bin/sh\nexec '${process.execPath}' '${CLI}' "$@"\n`);
    chmodSync(join(bin, "glitchtip-compose"), 0o755);
    withProgram = { ...process.env, PATH: `${bin}:${process.env.PATH}` };
  });
  afterAll(async () => {
    // Without the file that names the program, or `down` would want it.
    await shop?.compose(["down", "-v", "-t", "1"], { env: withProgram });
    await shop?.[Symbol.asyncDispose]();
    await server?.[Symbol.asyncDispose]();
  });

  const up = () => shop.compose(["up", "-d", "--wait"], { env: withProgram });

  it("is told of the prefixed name and of what down needs, and no container of ours stands beside it", async () => {
    const { stderr } = await shop.init();
    expect(stderr).toContain("app finds its DSN in GLITCHTIP_SENTRY_DSN");
    expect(stderr).toContain("down leaves containers behind");
    const { services } = JSON.parse((await shop.compose(["config", "--format", "json"])).stdout);
    expect(Object.keys(services).sort()).toEqual(["app", "glitchtip", "other"]);
  });

  it("has it in its environment from the first start on, its own start untouched, and delivers an event", async () => {
    const { code, stderr } = await up();
    expect(code, stderr).toBe(0);
    expect(await shop.variable("app", "GLITCHTIP_SENTRY_DSN")).toMatch(/^http:\/\/[0-9a-f]{32}@glitchtip:8000\/\d+$/);
    expect((await shop.exec("app", "cat", "/proc/1/cmdline")).stdout.split("\0")[0]).toBe("node");
    expect(await shop.variable("other", "GLITCHTIP_SENTRY_DSN")).toBeUndefined();
    const verified = await shop.project.cli(["verify", "--json"]);
    expect(JSON.parse(verified.stdout).apps, verified.stderr).toMatchObject([{ app: "app", ok: true }]);
    const status = await shop.project.cli(["status", "--json"]);
    expect(JSON.parse(status.stdout), status.stderr).toMatchObject({ state: "ok" });
  });

  it("is not recreated by a further up", async () => {
    const before = (await shop.container("app")).Id;
    expect((await up()).code).toBe(0);
    expect((await shop.container("app")).Id).toBe(before);
  });

  it("up fails and changes nothing where the program is missing, as init has said", async () => {
    const before = (await shop.container("app")).Id;
    const { code, stderr } = await shop.compose(["up", "-d", "--wait"]);
    expect([code, stderr]).toEqual([1, expect.stringContaining("glitchtip-compose")]);
    expect((await shop.container("app")).Id).toBe(before);
  });

  it("down takes everything away, also without a readable declaration", async () => {
    rmSync(join(shop.project.dir, "glitchtip.yaml"));
    expect(await shop.compose(["down", "-v", "-t", "1"], { env: withProgram })).toMatchObject({ code: 0 });
    expect(await shop.project.containers()).toEqual([]);
  });
});
