import { expect, it } from "vitest";
import { describeOnEngine } from "./support/engine.ts";
import { Stack } from "./support/stack.ts";

const COMPOSE = `services:
  app:
    image: node:24-slim
    read_only: true
    # Not by way of the image's own script: its shell drops sentry.dsn.
    entrypoint: [node, -e, 'setInterval(() => {}, 1000); process.on("SIGTERM", () => process.exit(0))']
`;
const DECLARATION = `version: 1
admin: { email: admin@example.com }
organization: Acme
projects: { shop: {} }
apps: { app: { project: shop, inject: env-file, variables: [SENTRY_DSN, sentry.dsn] } }
`;

describeOnEngine("an app that takes its DSN from an env file", () => {
  it("starts without one by plain Compose, and has it after `glitchtip-compose up`, its own start untouched", async () => {
    await using stack = await Stack.in({ "compose.yaml": COMPOSE, "glitchtip.yaml": DECLARATION });
    await stack.init();
    await stack.up();
    expect(await stack.variable("app", "SENTRY_DSN")).toBeUndefined();

    const first = await stack.project.cli(["up", "--json"]);
    expect([first.code, JSON.parse(first.stdout)], first.stderr).toMatchObject([
      0,
      { written: [".glitchtip/env/app.env"], without: [], addresses: { apps: [{ app: "app" }] } },
    ]);
    const dsn = await stack.variable("app", "SENTRY_DSN");
    expect(dsn).toMatch(/^http:\/\/[0-9a-f]{32}@glitchtip:8000\/\d+$/);
    expect(await stack.variable("app", "sentry.dsn")).toBe(dsn);
    expect((await stack.exec("app", "cat", "/proc/1/cmdline")).stdout.split("\0")[0]).toBe("node");

    const verified = await stack.project.cli(["verify", "--json"]);
    expect(JSON.parse(verified.stdout).apps, verified.stderr).toMatchObject([{ app: "app", ok: true }]);

    const before = (await stack.container("app")).Id;
    const again = await stack.project.cli(["up", "--json"]);
    expect([again.code, JSON.parse(again.stdout)]).toMatchObject([0, { written: [], without: [] }]);
    expect((await stack.container("app")).Id).toBe(before);
    await stack.up();
    expect((await stack.container("app")).Id).toBe(before);
    expect(stack.stat(".glitchtip/env/app.env")).toBeDefined();
    expect(stack.read(".glitchtip/.gitignore")).toContain("/env/");
  });
});
