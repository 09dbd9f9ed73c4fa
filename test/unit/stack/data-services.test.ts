import { describe, expect, it } from "vitest";
import { composeOf, declarationWith, renderedStack, secretsOf } from "../../support/stack.ts";

const APPS = "apps: { api: { project: shop } }";
const COMPOSE = `services:
  api: { image: shop/api, entrypoint: [node] }
  db: { image: "postgres:18" }
  cache: { image: "valkey/valkey:9", networks: [back] }
networks: { back: {} }
`;
const stack = (server: string, apps = APPS) => renderedStack(declarationWith(`server: ${server}\n${apps}`), COMPOSE);
const compose = (server: string, apps?: string) => composeOf(stack(server, apps));
const OWN = "{ database: { service: db, url: env:GT_DB }, valkey: { service: cache, url: file:./valkey-url } }";

describe("a database and a Valkey that the user runs", () => {
  it("replace those of the stack", () => {
    const { services, volumes, secrets } = compose(OWN);
    expect(Object.keys(services)).not.toEqual(expect.arrayContaining(["glitchtip-db"]));
    expect(services).not.toHaveProperty("glitchtip-valkey");
    expect(volumes).not.toHaveProperty("glitchtip-db");
    expect(secrets).not.toHaveProperty("glitchtip_db_password");
  });

  it("are reached by addresses in secrets, not in variables", () => {
    const { services, secrets } = compose(OWN);
    expect(secrets).toMatchObject({
      glitchtip_database_url: { environment: "GT_DB" },
      glitchtip_valkey_url: { file: "./valkey-url" },
    });
    for (const name of ["glitchtip-init", "glitchtip"]) {
      expect(secretsOf(services[name])).toEqual(
        expect.arrayContaining(["glitchtip_database_url", "glitchtip_valkey_url", "glitchtip_secret_key"]),
      );
      expect(services[name]?.environment).toMatchObject({
        DATABASE_URL_FILE: "/run/secrets/glitchtip_database_url/value",
        VALKEY_URL_FILE: "/run/secrets/glitchtip_valkey_url/value",
      });
      for (const variable of ["DATABASE_HOST", "DATABASE_PASSWORD_FILE", "VALKEY_URL"]) {
        expect(services[name]?.environment).not.toHaveProperty(variable);
      }
    }
  });

  it("are waited for and join a network where they are services, and are not changed otherwise", () => {
    const { services } = compose(OWN);
    expect(services.db).toEqual({ networks: ["default", "glitchtip-db"] });
    expect(services.cache).toEqual({ networks: ["glitchtip-db"] });
    expect(services["glitchtip-init"]).toMatchObject({
      networks: ["glitchtip", "glitchtip-db"],
      depends_on: {
        db: { condition: "service_started", required: false },
        cache: { condition: "service_started", required: false },
      },
    });
    expect(services["glitchtip-init"]?.depends_on).not.toHaveProperty("glitchtip-db");
    expect(stack(OWN).warnings).toEqual([
      "service db joins GlitchTip's network: the next up recreates its container",
      "service cache joins GlitchTip's network: the next up recreates its container",
    ]);
  });

  it("may be elsewhere: then only the secrets are waited for", () => {
    const { services } = compose("{ database: { url: file:./db-url } }");
    expect(services).not.toHaveProperty("db");
    expect(services["glitchtip-init"]).toMatchObject({ networks: ["glitchtip", "glitchtip-db"] });
    expect(Object.keys(services["glitchtip-init"]?.depends_on as object)).toEqual(["glitchtip-setup"]);
    expect(services.glitchtip?.read_only).toBe(true);
  });

  it("by a variable need one container that Compose can copy it into, which ends before the others start", () => {
    const { services } = compose(OWN);
    expect(services["glitchtip-setup"]).toMatchObject({ read_only: false, restart: "no", network_mode: "none" });
    for (const name of ["glitchtip", "glitchtip-init"]) expect(services[name]?.read_only).toBe(true);
  });

  it("may be apps", () => {
    const { services } = compose("{ database: { service: api, url: env:GT_DB } }");
    expect(services.api).toMatchObject({ networks: ["default", "glitchtip-apps", "glitchtip-db"] });
    expect(services.api).toHaveProperty("entrypoint");
  });

  it("are an error where the Compose file does not have them", () => {
    expect(() => compose("{ database: { service: dbb, url: env:GT_DB } }")).toThrow(
      expect.objectContaining({ code: "GC1104", message: expect.stringContaining('did you mean "db"') }),
    );
  });
});
