import { expect, it } from "vitest";
import { describeOnEngine } from "./support/engine.ts";
import { inventory } from "./support/server.ts";
import { Stack } from "./support/stack.ts";

/** Each of these characters means something in an address. */
const PASSWORD = "p@ss/w#rd%20&x:?ü";
const COMPOSE = `services:
  app:
    image: node:24-slim
    entrypoint: [node, -e, 'setInterval(() => {}, 1000); process.on("SIGTERM", () => process.exit(0))']
  db:
    image: postgres:18
    environment: { POSTGRES_USER: glitch, POSTGRES_DB: errors, POSTGRES_PASSWORD: "${PASSWORD}" }
  cache:
    image: valkey/valkey:9
    command: [valkey-server, --requirepass, "${PASSWORD}"]
`;

const declaration = (server: string) => `version: 1
server: ${server}
admin: { email: admin@example.com }
organization: Acme
projects: { app: { team: developers } }
apps: { app: { project: app } }
`;

const ENCODED = encodeURIComponent(PASSWORD);
const DATABASE = "{ service: db, url: env:GLITCHTIP_DB }";

async function stackWith(server: string): Promise<Stack> {
  const stack = await Stack.in({ "compose.yaml": COMPOSE, "glitchtip.yaml": declaration(server) });
  stack.write(".env", `${stack.read(".env")}GLITCHTIP_DB=postgres://glitch:${ENCODED}@db:5432/errors\n`);
  stack.write("valkey-url", `redis://:${ENCODED}@cache:6379/0`);
  return stack;
}

describeOnEngine("a database and a Valkey that are the user's", () => {
  it("hold everything, with a password that only percent-encoding brings there", async () => {
    await using stack = await stackWith(
      `{ database: ${DATABASE}, valkey: { service: cache, url: file:./valkey-url } }`,
    );
    await stack.init();
    await stack.up();
    expect(await stack.containers().then((all) => [...all.keys()].sort())).toEqual([
      "app",
      "cache",
      "db",
      "glitchtip",
      "glitchtip-init",
      "glitchtip-provision",
      "glitchtip-setup",
    ]);
    const { code, stdout, stderr } = await stack.project.cli(["verify", "--json"]);
    expect([code, JSON.parse(stdout).apps], stderr).toMatchObject([0, [{ app: "app", ok: true }]]);
    expect((await inventory(stack)).projects).toEqual(["app"]);
    const psql = ["psql", "-U", "glitch", "-d", "errors", "-Atc", "select count(*) from glitchtip_compose.init"];
    expect((await stack.exec("db", ...psql)).stdout.trim()).toBe("1");

    const seen = await stack.project.docker(["inspect", `${stack.name}-glitchtip-1`, `${stack.name}-glitchtip-init-1`]);
    for (const secret of [PASSWORD, ENCODED]) expect(seen.stdout.includes(secret)).toBe(false);
  });

  it("without Valkey such a password is refused: no event would ever be stored", async () => {
    await using stack = await stackWith(`{ database: ${DATABASE} }`);
    await stack.init();
    await stack.up({ ends: 1 });
    expect(await stack.logs("glitchtip-init")).toContain("without Valkey GlitchTip cannot use it");
    expect(await stack.logs("glitchtip-init")).not.toContain(PASSWORD);
  });

  it("init refuses a variable that is not set, before it writes anything", async () => {
    await using stack = await stackWith("{ database: { service: db, url: env:NOWHERE } }");
    const { code, stderr } = await stack.project.cli(["init", "--yes"]);
    expect(code).not.toBe(0);
    expect(stderr).toContain("server.database.url: the variable NOWHERE is not set");
    expect(() => stack.read("compose.override.yaml")).toThrow();
  });

  it("are backed up and restored by their URL, the password in no process's arguments", async () => {
    await using stack = await stackWith(`{ database: ${DATABASE} , valkey: bundled }`);
    await stack.init();
    await stack.up();
    const made = await stack.project.cli(["backup", "create", "--json"]);
    expect(made.stderr).not.toContain("error");
    expect(JSON.parse(made.stdout)).toMatchObject({ verified: "trial restore", postgres: { major: 18 } });
    const key = (await stack.readVolume("glitchtip-state", "state.json")).match(/"key": "[\w-]+"/)?.[0];
    expect(key).toBeDefined();
    const restored = await stack.project.cli(["restore", "latest", "--confirm", stack.name]);
    expect(restored).toMatchObject({ code: 0, stdout: expect.stringContaining("the old DSN of app was accepted") });
    expect((await stack.readVolume("glitchtip-state", "state.json")).match(/"key": "[\w-]+"/)?.[0]).toBe(key);
    const names = ["psql", "-U", "glitch", "-d", "errors", "-Atc", "select datname from pg_database order by 1"];
    expect((await stack.exec("db", ...names)).stdout.split("\n")).not.toContainEqual(
      expect.stringMatching(/^glitchtip_/),
    );
    const seen = await stack.project.docker(["inspect", `${stack.name}-glitchtip-backup-db-1`]);
    for (const secret of [PASSWORD, ENCODED]) expect(seen.stdout.includes(secret)).toBe(false);
    expect((await stack.project.cli(["status"])).code).toBe(0);
  });
});
