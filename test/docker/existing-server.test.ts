import { afterAll, beforeAll, expect, it } from "vitest";
import { describeOnEngine } from "./support/engine.ts";
import { inventory, readEvent, storedState } from "./support/server.ts";
import { Stack } from "./support/stack.ts";
import { until } from "./support/until.ts";

const IDLE = `[node, -e, 'setInterval(() => {}, 1000); process.on("SIGTERM", () => process.exit(0))']`;
const COMPOSE = `services:
  api: { image: "node:24-slim", entrypoint: ${IDLE} }
  shy: { image: "node:24-slim", entrypoint: ${IDLE} }
`;
const SIGNED_IN = `token: "file:secrets/token"`;

const declaration = (server: string, apps: string) => `version: 1
server: { ${server} }
organization: Acme
projects: { shop: { team: backend } }
apps: ${apps}
`;

/** Sends one event to the DSN of its own environment and prints the event's id. */
const SEND = `const dsn = new URL(process.env.SENTRY_DSN), id = crypto.randomUUID().replaceAll("-", "");
const event = JSON.stringify({ event_id: id, message: "by hand", level: "error", platform: "node" });
const body = [JSON.stringify({ event_id: id }), JSON.stringify({ type: "event" }), event].join("\\n");
const url = dsn.origin + "/api" + dsn.pathname + "/envelope/?sentry_key=" + dsn.username;
fetch(url, { method: "POST", body }).then((answer) => console.log(answer.status, id));`;

describeOnEngine("a GlitchTip that is there already, in a project of its own", () => {
  let server: Stack;
  let token: string;
  let byNetwork: string;

  beforeAll(async () => {
    server = await Stack.sample();
    await server.up();
    token = (await storedState(server)).token.value;
    const url = `http://localhost:${server.project.ports.glitchtip}`;
    byNetwork = `url: "${url}", containerUrl: "http://glitchtip:8000", network: ${server.name}_glitchtip`;
  }, 300_000);
  afterAll(() => server?.[Symbol.asyncDispose]());

  async function beside(serverLine: string, apps: string, compose = COMPOSE): Promise<Stack> {
    const stack = await Stack.in({ "compose.yaml": compose, "glitchtip.yaml": declaration(serverLine, apps) });
    await stack.project.docker(["compose", "version"]);
    return stack;
  }

  function giveToken(stack: Stack): void {
    stack.write("token", `${token}\n`);
    stack.edit("glitchtip.yaml", "file:secrets/token", "file:./token");
  }

  it("one up: only the provisioner runs beside the apps, their events arrive, and the token is nowhere to be seen", async () => {
    await using stack = await beside(`${byNetwork}, ${SIGNED_IN}`, "{ api: { project: shop } }");
    giveToken(stack);
    await stack.init();
    await stack.up();
    expect([...(await stack.containers()).keys()].sort()).toEqual([
      "api",
      "glitchtip-provision",
      "glitchtip-setup",
      "shy",
    ]);
    expect((await inventory(server)).projects).toEqual(["app", "shop"]);

    const verified = await stack.project.cli(["verify", "--json"]);
    expect([verified.code, JSON.parse(verified.stdout).apps], verified.stderr).toMatchObject([
      0,
      [{ app: "api", ok: true }],
    ]);
    const status = await stack.project.cli(["status", "--json"]);
    expect([status.code, JSON.parse(status.stdout)], status.stderr).toMatchObject([
      0,
      { state: "ok", url: `http://localhost:${server.project.ports.glitchtip}`, apps: [{ app: "api", dsn: "proved" }] },
    ]);
    const doctor = await stack.project.cli(["doctor", "--json"]);
    expect(JSON.parse(doctor.stdout).findings.filter(({ level }: { level: string }) => level === "fail")).toEqual([]);

    const seen = await stack.project.docker(["inspect", ...(await stack.project.containers())]);
    for (const text of [seen.stdout, await stack.logs(), stack.read("compose.override.yaml"), verified.stdout])
      expect(text.includes(token)).toBe(false);
    expect((await inventory(server)).tokens).toEqual(["glitchtip-compose"]);

    // From this host, as from CI: there is nothing left to do.
    const check = await stack.project.cli(["provision", "--check"]);
    expect([check.code, check.stdout], check.stderr).toEqual([0, "nothing to change\n"]);
    const down = await stack.project.cli(["down", "--volumes", "--confirm", stack.name]);
    expect(down.code, down.stderr).toBe(0);
  });

  it("on this host is reached by its gateway, with a password instead of a token", async () => {
    const { glitchtip: port } = server.project.ports;
    server.override(`services: { glitchtip: { ports: !override ["0.0.0.0:${port}:8000"] } }\n`);
    await server.up();
    const line = `url: "http://localhost:${port}", containerUrl: "http://host.docker.internal:${port}"`;
    await using stack = await beside(line, "{ api: { project: shop } }");
    const email = "admin@example.com";
    stack.write("password", await server.secret("admin_password"));
    stack.write(
      "glitchtip.yaml",
      `${stack.read("glitchtip.yaml")}admin: { email: ${email}, password: "file:./password" }\n`,
    );
    await stack.init();
    await stack.up();
    const { code, stdout, stderr } = await stack.project.cli(["verify", "--json"]);
    expect([code, JSON.parse(stdout).apps], stderr).toMatchObject([0, [{ app: "api", ok: true }]]);
    // Each project has a token of its own name: none takes another's away.
    expect([...(await inventory(server)).tokens].sort()).toEqual([
      "glitchtip-compose",
      `glitchtip-compose ${stack.name}`,
    ]);
    server.override();
    await server.up();
  });

  it("while it is down up ends with 1: an app without any DSN waits or starts, as onFailure says", async () => {
    const apps = "{ api: { project: shop }, shy: { project: shop, onFailure: start-without-reporting } }";
    await using stack = await beside(`${byNetwork}, ${SIGNED_IN}`, apps);
    giveToken(stack);
    await stack.init();
    stack.override(`services: { glitchtip-provision: { environment: { GLITCHTIP_READY_WITHIN_SECONDS: "2" } } }\n`);
    await server.compose(["stop", "glitchtip"]);
    await stack.up({ ends: 1 });
    await until("api has given up", async () =>
      (await stack.container("api")).State.ExitCode === 78 ? true : undefined,
    );
    expect(await stack.logs("api")).toContain("no DSN for api");
    expect((await stack.container("shy")).State.Status).toBe("running");
    expect(await stack.variable("shy", "SENTRY_DSN")).toBe("");

    await server.up();
    await stack.up();
    expect(await stack.variable("api", "SENTRY_DSN")).toMatch(/^http:\/\/[0-9a-f]{32}@glitchtip:8000\/\d+$/);
    await server.compose(["stop", "glitchtip"]);
    // The last good DSN serves, and the app is made anew all the same.
    await stack.up({ ends: 1, args: ["--force-recreate"] });
    expect((await stack.container("api")).State.Status).toBe("running");
    await server.up();
  });
});

describeOnEngine("apps with a DSN of their own", () => {
  it("report by it, run without one, and need nothing else of ours", async () => {
    await using server = await Stack.sample();
    await server.up();
    const { projects } = await storedState(server);
    const { key = "", slug = "" } = projects.app ?? {};
    const id = /\/(\d+)$/.exec((await server.variable("app", "SENTRY_DSN")) ?? "")?.[1] ?? "";
    const compose = `${COMPOSE.replaceAll("} \n", "}\n")}networks: { default: { external: true, name: ${server.name}_glitchtip } }\n`;
    const apps = `{ api: { dsn: { url: "http://glitchtip:8000", key: env:KEY, projectId: ${id} } }, shy: { dsn: env:SHY } }`;
    await using stack = await Stack.in({ "compose.yaml": compose, "glitchtip.yaml": `version: 1\napps: ${apps}\n` });
    await stack.init();
    await stack.up();
    expect([...(await stack.containers()).keys()].sort()).toEqual(["api", "shy"]);
    expect([await stack.variable("api", "SENTRY_DSN"), await stack.variable("shy", "SENTRY_DSN")]).toEqual(["", ""]);

    stack.write(".env", `${stack.read(".env")}KEY=${key.replaceAll("-", "")}\n`);
    await stack.up();
    const { stdout, stderr } = await stack.exec("api", "node", "-e", SEND);
    expect(stdout, stderr).toMatch(/^200 [0-9a-f]{32}/);
    const event = await readEvent(server, slug, stdout.trim().split(" ")[1] ?? "");
    expect(event.title).toContain("by hand");
    expect(stack.read("compose.override.yaml")).not.toContain(key.replaceAll("-", ""));
    const status = await stack.project.cli(["status", "--json"]);
    expect([status.code, JSON.parse(status.stdout)], status.stderr).toMatchObject([
      0,
      {
        state: "ok",
        apps: [
          { app: "api", dsn: "given" },
          { app: "shy", dsn: "off" },
        ],
      },
    ]);
    const verify = await stack.project.cli(["verify"]);
    expect([verify.code, verify.stdout + verify.stderr]).toEqual([0, expect.stringContaining("api, shy")]);
  });
});
