// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are Compose's variables
import { describe, expect, it } from "vitest";
import { composeOf, declarationWith, renderedStack, secretsOf } from "../../support/stack.ts";

const COMPOSE = `services:
  api: { image: shop/api, entrypoint: [docker-entrypoint.sh], command: [node, server.js] }
  web: { image: shop/web, entrypoint: [nginx], networks: [edge] }
  hosted: { image: shop/h, entrypoint: [h], network_mode: host }
networks: { edge: {} }
`;
const SERVER = "server: { url: 'https://errors.example.com', token: env:GLITCHTIP_TOKEN }";
const APPS = "apps: { api: { project: shop } }";

const rendered = (...lines: string[]) => renderedStack(declarationWith(lines.join("\n")), COMPOSE);
const composed = (...lines: string[]) => composeOf(rendered(...lines));

describe("beside a GlitchTip that runs elsewhere", () => {
  it("the stack has only the provisioner, and no network, database or secret of a server", () => {
    const project = composed(SERVER, APPS);
    expect(Object.keys(project.services)).toEqual(["glitchtip-setup", "glitchtip-provision", "glitchtip-ready", "api"]);
    expect(project.networks).toBeUndefined();
    expect(Object.keys(project.volumes as object)).toEqual([
      "glitchtip-token",
      "glitchtip-dsn-api",
      "glitchtip-state",
      "glitchtip-dsn",
    ]);
    expect(project.secrets).toEqual({ glitchtip_token: { environment: "GLITCHTIP_TOKEN" } });
    expect(project.services["glitchtip-provision"]?.depends_on).toEqual({
      "glitchtip-setup": { condition: "service_completed_successfully", required: false },
    });
    expect(secretsOf(project.services["glitchtip-provision"])).toEqual(["glitchtip_token"]);
    expect(project.services["glitchtip-provision"]).not.toHaveProperty("networks");
    expect(project.services.api).not.toHaveProperty("networks");
  });

  it("every audience has its address, and no dependency is required", () => {
    const { services } = composed(SERVER, APPS);
    expect(services["glitchtip-provision"]?.environment).toMatchObject({
      GLITCHTIP_URL: "https://errors.example.com",
      GLITCHTIP_HOST_URL: "https://errors.example.com",
      GLITCHTIP_PUBLIC_URL: "https://errors.example.com",
      GLITCHTIP_TOKEN_FILE: "/run/secrets/glitchtip_token/value",
    });
    expect(services.api?.depends_on).toEqual({
      "glitchtip-provision": { condition: "service_completed_successfully", required: false },
    });
  });

  it("containers reach one on this host by the host's gateway", () => {
    const server =
      "server: { url: 'http://localhost:8000', containerUrl: 'http://host.docker.internal:8000', token: file:t }";
    const { services } = composed(server, "apps: { api: { project: shop }, hosted: { project: shop } }");
    const gateway = ["host.docker.internal:host-gateway"];
    expect(services["glitchtip-provision"]).toMatchObject({
      extra_hosts: gateway,
      environment: { GLITCHTIP_URL: "http://host.docker.internal:8000", GLITCHTIP_HOST_URL: "http://localhost:8000" },
    });
    expect(services.api).toMatchObject({ extra_hosts: gateway });
    expect(services.hosted).not.toHaveProperty("extra_hosts");
  });

  it("the provisioner takes that way by itself where no app asks from inside of a container", () => {
    const server = "server: { url: 'http://127.0.0.1:8000', token: file:t }";
    const { services } = composed(server, "apps: { api: { project: shop, audience: public } }");
    expect(services["glitchtip-provision"]).toMatchObject({
      extra_hosts: ["host.docker.internal:host-gateway"],
      environment: { GLITCHTIP_URL: "http://host.docker.internal:8000", GLITCHTIP_PUBLIC_URL: "http://127.0.0.1:8000" },
    });
    expect(() => composed(server, APPS)).toThrow(
      expect.objectContaining({
        problems: [expect.stringContaining("in a container http://127.0.0.1:8000 is the container itself")],
      }),
    );
  });

  it("containers reach one in another Compose project by its network, which apps join beside their own", () => {
    const server =
      "server: { url: 'https://e.example', containerUrl: 'http://web:8000', network: errors_default, token: file:t }";
    const project = composed(server, "apps: { api: { project: shop }, web: { project: shop } }");
    expect(project.networks).toEqual({ glitchtip: { external: true, name: "errors_default" } });
    expect(project.services["glitchtip-provision"]).toMatchObject({ networks: ["default", "glitchtip"] });
    expect(project.services.api).toMatchObject({ networks: ["default", "glitchtip"] });
    expect(project.services.web).toMatchObject({ networks: ["glitchtip"] });
  });

  it("the provisioner trusts a declared certificate authority", () => {
    const project = composed("server: { url: 'https://e.example', token: file:t, ca: 'file:./ca.pem' }", APPS);
    expect(project.secrets).toMatchObject({ glitchtip_ca: { file: "./ca.pem" } });
    expect(project.services["glitchtip-provision"]).toMatchObject({
      environment: { NODE_EXTRA_CA_CERTS: "/run/secrets/glitchtip_ca" },
      secrets: ["glitchtip_ca"],
    });
    expect(secretsOf(project.services["glitchtip-provision"])).toEqual(["glitchtip_token"]);
  });

  it("the provisioner signs in with the admin's password where there is no token", () => {
    const project = composed(
      "server: { url: 'https://e.example' }",
      "admin: { email: a@b.c, password: 'env:ADMIN' }",
      APPS,
    );
    expect(project.secrets).toEqual({ glitchtip_admin_password: { environment: "ADMIN" } });
    expect(secretsOf(project.services["glitchtip-provision"])).toEqual(["glitchtip_admin_password"]);
    expect(project.services["glitchtip-provision"]?.read_only).toBe(true);
    // Compose refuses an environment's secret for a read-only container.
    expect(project.services["glitchtip-setup"]?.read_only).toBe(false);
  });
});

describe("apps with an external DSN", () => {
  const only = (apps: string) => renderedStack(`version: 1\napps: ${apps}\n`, COMPOSE);

  it("need only a variable that Compose fills in, and no server, provisioner or wrapper", () => {
    const stack = only("{ api: { dsn: env:API_DSN, variables: [SENTRY_DSN, DSN], release: r1 } }");
    expect(composeOf(stack)).toEqual({
      services: {
        api: { environment: { SENTRY_DSN: "${API_DSN:-}", DSN: "${API_DSN:-}", SENTRY_RELEASE: "r1" } },
      },
    });
    expect(stack.files.map(({ path }) => path)).toEqual([
      "compose.glitchtip.yaml",
      ".glitchtip/.gitignore",
      ".glitchtip/.gitattributes",
    ]);
  });

  it("may state its parts, and have an empty DSN without key or project", () => {
    const api = (dsn: string) => composeOf(only(`{ api: { dsn: ${dsn} } }`)).services.api?.environment;
    expect(api("{ url: 'https://e.example/a/', key: env:KEY, projectId: 7 }")).toEqual({
      SENTRY_DSN: "${KEY:+https://${KEY}@e.example/a/7}",
    });
    expect(api("{ url: 'http://g:8000', key: env:KEY, projectId: env:ID }")).toEqual({
      SENTRY_DSN: "${KEY:+${ID:+http://${KEY}@g:8000/${ID}}}",
    });
  });

  it("may have it in a file, which becomes an optional env file", () => {
    expect(composeOf(only("{ api: { dsn: file:api.dsn } }")).services.api).toEqual({
      env_file: [{ path: "./.glitchtip/env/api.env", required: false }],
    });
  });

  it("may stand beside apps with the DSN of a project", () => {
    const project = composed(SERVER, "apps: { api: { project: shop }, web: { dsn: env:WEB } }");
    expect(project.services.web).toEqual({ environment: { SENTRY_DSN: "${WEB:-}" } });
    expect(Object.keys(project.services)).toEqual([
      "glitchtip-setup",
      "glitchtip-provision",
      "glitchtip-ready",
      "api",
      "web",
    ]);
  });
});
