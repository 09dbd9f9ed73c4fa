import { afterAll, beforeAll, expect, it } from "vitest";
import { describeOnEngine } from "./support/engine.ts";
import { inventory } from "./support/server.ts";
import { Stack } from "./support/stack.ts";

/** As people write them: with a comment, a text for a command, own networks, limits and a service that wants nothing. */
const COMPOSE = `# The shop
services:
  api:
    image: node:24-slim
    entrypoint: [node, -e]
    command: ["setInterval(() => {}, 1000); process.on('SIGTERM', () => process.exit(0))"]
    environment: { spring.datasource.url: "jdbc:x", PRICE: "5$$" }
    networks: [back]
    read_only: true
  worker:
    image: busybox:1
    entrypoint: sh -c
    command: ['trap "exit 0" TERM; while :; do sleep 1; done'] # as it always was
    user: "1000:1000"
    deploy: { replicas: 2 }
  agent:
    image: node:24-slim
    network_mode: host
    entrypoint: []
    command: [node, -e, "setInterval(() => {}, 1000); process.on('SIGTERM', () => process.exit(0))"]
  cache:
    image: busybox:1
    command: [sh, -c, 'trap "exit 0" TERM; while :; do sleep 1; done']

networks: { back: {} }
`;

const DECLARATION = `version: 1
admin: { email: admin@example.com }
organization: Acme
projects:
  shop-api: { team: backend, platform: node-express }
  jobs: { team: backend }
  Größe 尺寸: { team: ops }
apps:
  api: { project: shop-api, variables: [SENTRY_DSN, sentry.dsn] }
  worker: { project: jobs }
  agent: { project: Größe 尺寸, audience: host }
`;

describeOnEngine("beside services that are there already", () => {
  let stack: Stack;
  let cacheBefore: string;

  beforeAll(async () => {
    stack = await Stack.in({ "compose.yaml": COMPOSE, "glitchtip.yaml": DECLARATION });
    // They run already, without GlitchTip.
    await stack.up();
    cacheBefore = (await stack.container("cache")).Id;
    await stack.init();
    await stack.up();
  });
  afterAll(() => stack?.[Symbol.asyncDispose]());

  it("nothing of the user's is changed: neither the file nor a service that wants no DSN", async () => {
    expect(stack.read("compose.yaml")).toBe(COMPOSE);
    expect(stack.read("glitchtip.yaml")).toBe(DECLARATION);
    expect((await stack.container("cache")).Id).toBe(cacheBefore);
    expect(await stack.variable("cache", "SENTRY_DSN")).toBeUndefined();
  });

  it("each service runs its own program with its own settings, and a DSN of its own project", async () => {
    const { projects } = await storedProjects(stack);
    const dsn = (service: string, variable = "SENTRY_DSN") => stack.variable(service, variable);
    const container = (name: string) => new RegExp(`^http://[0-9a-f]{32}@glitchtip:8000/${projects[name]}$`);
    expect(await dsn("api")).toMatch(container("shop-api"));
    expect(await dsn("api", "sentry.dsn")).toBe(await dsn("api"));
    expect(await stack.variable("api", "spring.datasource.url")).toBe("jdbc:x");
    expect(await stack.variable("api", "PRICE")).toBe("5$");
    expect(await dsn("worker")).toMatch(container("jobs"));
    expect(await dsn("agent")).toBe(
      `http://${/[0-9a-f]{32}/.exec((await dsn("agent")) ?? "")?.[0]}@127.0.0.1:${stack.project.ports.glitchtip}/${projects["Größe 尺寸"]}`,
    );
    const { stdout } = await stack.exec("api", "cat", "/proc/1/cmdline");
    expect(stdout.split("\0").slice(0, 2)).toEqual(["node", "-e"]);
  });

  it("both replicas of a service have it", async () => {
    const second = await stack.compose(["exec", "-T", "--index", "2", "worker", "sh", "-c", "cat /proc/1/environ"]);
    expect(second.stdout).toContain(`SENTRY_DSN=${await stack.variable("worker", "SENTRY_DSN")}`);
  });

  it("the server holds what the declaration says, names in any script included", async () => {
    expect(await inventory(stack)).toEqual({
      organizations: ["Acme"],
      teams: ["backend", "ops"],
      projects: ["Größe 尺寸", "jobs", "shop-api"],
      keys: expect.arrayContaining([expect.stringMatching(/^jobs /)]),
      tokens: ["glitchtip-compose"],
    });
  });

  it("verify reads back an event from each, also from one in the host's network", async () => {
    const { code, stdout, stderr } = await stack.project.cli(["verify", "--json"]);
    expect(JSON.parse(stdout).apps, stderr).toMatchObject([
      { app: "api", ok: true },
      { app: "worker", ok: true },
      { app: "agent", ok: true },
    ]);
    expect(code).toBe(0);
  });

  it("a DSN is there in `exec` and in a health check through the wrapper, and only there", async () => {
    const print = ["sh", "-c", 'echo "$SENTRY_DSN"'];
    expect((await stack.exec("worker", ...print)).stdout.trim()).toBe("");
    const wrapped = await stack.exec("worker", "/bin/sh", "/glitchtip-with-dsn", "worker", "--", ...print);
    expect(wrapped.stdout.trim()).toBe(await stack.variable("worker", "SENTRY_DSN"));
  });

  it("an app that is given another project is made anew with its DSN after `init` and `up`, and no other", async () => {
    stack.edit("glitchtip.yaml", "  jobs: { team: backend }", "  jobs: { team: backend }\n  mails: { team: ops }");
    stack.edit("glitchtip.yaml", "worker: { project: jobs }", "worker: { project: mails }");
    const api = (await stack.container("api")).Id;
    await stack.init();
    await stack.up();
    expect((await inventory(stack)).projects).toEqual(["Größe 尺寸", "jobs", "mails", "shop-api"]);
    expect((await stack.container("api")).Id).toBe(api);
    const { projects } = await storedProjects(stack);
    expect(await stack.variable("worker", "SENTRY_DSN")).toMatch(new RegExp(`:8000/${projects.mails}$`));
  });
});

/** Ids by name. */
async function storedProjects(stack: Stack): Promise<{ projects: Record<string, string> }> {
  const state = JSON.parse(await stack.readVolume("glitchtip-state", "state.json")) as {
    projects: Record<string, { id: string }>;
  };
  return { projects: Object.fromEntries(Object.entries(state.projects).map(([name, { id }]) => [name, id])) };
}
