import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { problemsIn } from "../../support/declaration-problems.ts";
import { type ComposeProject, composeOf, declarationWith, renderedStack, secretsOf } from "../../support/stack.ts";

const COMPOSE = "services: { api: { image: shop/api, entrypoint: [node], command: [server.js] } }\n";
const APPS = "apps: { api: { project: shop } }";

const stack = (server = "", more = "") =>
  renderedStack(declarationWith(`server: { topology: single-container${server} }\n${APPS}\n${more}`), COMPOSE);
const compose = (server = "", more = ""): ComposeProject => composeOf(stack(server, more));
const serviceOf = (project: ComposeProject, name: string) => project.services[name] ?? {};

describe("a single container", () => {
  it("replaces server, worker, database and Valkey by one service with one network and one volume", () => {
    const { services, networks, volumes } = compose(", valkey: bundled");
    expect(Object.keys(services)).toEqual([
      "glitchtip-setup",
      "glitchtip",
      "glitchtip-provision",
      "glitchtip-ready",
      "api",
    ]);
    expect(networks).toEqual({ glitchtip: {}, "glitchtip-apps": { internal: true } });
    const secrets = ["glitchtip-admin-password", "glitchtip-db-password", "glitchtip-secret-key"];
    expect(Object.keys(volumes as object)).toEqual([
      "glitchtip-data",
      ...secrets,
      "glitchtip-dsn-api",
      "glitchtip-state",
      "glitchtip-dsn",
    ]);
  });

  it("is hardened as the others, waits for its secrets alone, and has its own health check", () => {
    const { services } = compose();
    expect(services.glitchtip).toMatchObject({
      user: "5000:5000",
      cap_drop: ["ALL"],
      read_only: true,
      security_opt: ["no-new-privileges:true"],
      restart: "unless-stopped",
      mem_limit: "1g",
      healthcheck: { test: ["CMD", "health"] },
    });
    expect(Object.keys(services.glitchtip?.depends_on as object)).toEqual(["glitchtip-setup"]);
    for (const key of ["entrypoint", "command"]) expect(services.glitchtip).not.toHaveProperty(key);
  });

  it("reaches its stores on its own loopback, with every secret as a file", () => {
    const service = serviceOf(compose(", valkey: bundled"), "glitchtip");
    expect(service.environment).toMatchObject({
      DATABASE_HOST: "127.0.0.1",
      VALKEY_URL: "redis://127.0.0.1:6379/0",
      GLITCHTIP_ADMIN_EMAIL: "admin@example.com",
      DATABASE_PASSWORD_FILE: "/run/secrets/glitchtip_db_password/value",
      GLITCHTIP_ADMIN_PASSWORD_FILE: "/run/secrets/glitchtip_admin_password/value",
    });
    expect(secretsOf(service)).toEqual(["glitchtip_db_password", "glitchtip_secret_key", "glitchtip_admin_password"]);
    expect(serviceOf(compose(), "glitchtip").environment).toMatchObject({ VALKEY_URL: "" });
  });

  it("has an image tag that changes only with what the image is built of", () => {
    const image = (...of: Parameters<typeof compose>) => serviceOf(compose(...of), "glitchtip").image;
    expect(image()).toMatch(/^\$\{GLITCHTIP_ALL_IN_ONE_IMAGE:-glitchtip-compose\/all-in-one:[0-9a-f]{12}\}$/);
    expect(image(", port: 9000")).toBe(image());
    expect(image(", image: 'glitchtip/glitchtip:6.1'")).not.toBe(image());
    const { build } = serviceOf(compose(), "glitchtip");
    // biome-ignore lint/suspicious/noTemplateCurlyInString: Compose's variable
    expect(build).toMatchObject({ args: { GLITCHTIP_IMAGE: "${GLITCHTIP_IMAGE:-glitchtip/glitchtip:6}" } });
    expect(stack().files.map(({ path }) => path)).toContain(".glitchtip/all-in-one/Dockerfile");
  });

  it("has the declared memory of its parts, and Postgres's settings and major", () => {
    const more = "limits: { web: { memory: 1g }, database: { memory: 2g } }\npostgres: { shared_buffers: 512MB }";
    const { mem_limit, environment, build } = serviceOf(
      compose(", postgres: { image: 'postgres:17' }", more),
      "glitchtip",
    );
    expect(mem_limit).toBe("3584m");
    expect(environment).toMatchObject({ POSTGRES_FLAGS: "-c shared_buffers=512MB" });
    expect(build).toMatchObject({ args: { POSTGRES_MAJOR: "17" } });
  });

  it("bounds its Valkey by the declared limit", () => {
    const limits = "limits: { valkey: { memory: 512m } }";
    expect(serviceOf(compose(", valkey: bundled", limits), "glitchtip").environment).toMatchObject({
      VALKEY_MAXMEMORY: "256mb",
    });
    expect(serviceOf(compose(", valkey: bundled"), "glitchtip").environment).not.toHaveProperty("VALKEY_MAXMEMORY");
    const run = readFileSync(new URL("../../../images/all-in-one/services/valkey/run", import.meta.url), "utf8");
    expect(run).toContain(`--maxmemory "\${VALKEY_MAXMEMORY:-64mb}" --maxmemory-policy noeviction`);
  });

  it("gives scheduled backups its network for the database and its volume for the uploads", () => {
    const project = compose("", "backup: { schedule: '03:15' }");
    expect(serviceOf(project, "glitchtip-backup-db")).toMatchObject({
      network_mode: "service:glitchtip",
      environment: { PGHOST: "127.0.0.1" },
      depends_on: { glitchtip: { condition: "service_healthy", required: false } },
    });
    expect(serviceOf(project, "glitchtip-backup-db")).not.toHaveProperty("networks");
    expect(serviceOf(project, "glitchtip-backup").volumes).toContainEqual({
      type: "volume",
      source: "glitchtip-data",
      target: "/uploads",
      read_only: true,
      volume: { subpath: "uploads" },
    });
  });

  it.each(["database", "valkey"])("refuses a %s that runs elsewhere, because it brings its own", (key) => {
    expect(problemsIn(() => stack(`, ${key}: { url: 'file:url' }`))).toEqual([
      expect.stringMatching(`server\\.${key}: is elsewhere, but a single container brings its own`),
    ]);
  });
});
