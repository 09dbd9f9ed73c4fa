import { describe, expect, it } from "vitest";
import type { CodedError } from "../../../src/base/errors.ts";
import { serviceSettings } from "../../../src/config/service-settings.ts";
import { composeOf, declarationWith, renderedStack, secretsOf } from "../../support/stack.ts";

const COMPOSE = "services: { app: { image: own/app, entrypoint: [node], command: [x] } }\n";
const rendered = (lines: string) => renderedStack(declarationWith(lines), COMPOSE);
const stack = (lines: string) => composeOf(rendered(lines));
const NAMES = ["glitchtip-service", "glitchtip-service-worker", "glitchtip-service-watch"] as const;

describe("a stack without service", () => {
  it("has nothing of the reconcile service", () => {
    const names = Object.keys(stack("").services);
    expect(names.filter((name) => name.startsWith("glitchtip-service"))).toEqual([]);
    expect(rendered("").files.map(({ path }) => path)).not.toContain(".glitchtip/serve.mjs");
  });
});

function problemsOf(lines: string): string {
  try {
    rendered(lines);
    return "";
  } catch (error) {
    return (error as CodedError).problems.join("\n");
  }
}

describe("service", () => {
  const own = "service: { declarations: servers, workers: 3, secrets: { PROD_TOKEN: 'file:./prod-token' } }";
  const { services, volumes, networks } = stack(own);

  it("adds the API, the workers, the watch and their queue, hardened as the others are", () => {
    for (const name of [...NAMES, "glitchtip-service-queue"] as const) {
      expect(services[name], name).toMatchObject({
        cap_drop: ["ALL"],
        read_only: true,
        restart: "unless-stopped",
        security_opt: ["no-new-privileges:true"],
        mem_limit: expect.stringMatching(/m$/),
        healthcheck: { test: expect.arrayContaining([expect.any(String)]) },
      });
      const { test = [] } = (services[name]?.healthcheck ?? {}) as { readonly test?: readonly unknown[] };
      expect(
        test.filter((word) => typeof word !== "string"),
        name,
      ).toEqual([]);
      expect(JSON.stringify(services[name])).not.toContain("docker.sock");
    }
    expect(services["glitchtip-service-worker"]?.scale).toBe(3);
    expect(Object.keys(volumes ?? {})).toEqual(
      expect.arrayContaining(["glitchtip-service", "glitchtip-service-queue", "glitchtip-service-state"]),
    );
  });

  it("keeps the queue on a network that has no way out, and the API's port on this machine", () => {
    expect(networks).toMatchObject({ "glitchtip-service": { internal: true } });
    expect(services["glitchtip-service-queue"]?.networks).toEqual(["glitchtip-service"]);
    // biome-ignore lint/suspicious/noTemplateCurlyInString: Compose's variable
    expect(services["glitchtip-service"]?.ports).toEqual(["127.0.0.1:${GLITCHTIP_SERVICE_PORT:-8180}:8080"]);
    expect(services["glitchtip-service-worker"]?.ports).toBeUndefined();
  });

  it("mounts the declarations read-only, and secrets only into the workers", () => {
    for (const name of NAMES) {
      expect(services[name]?.volumes, name).toEqual(
        expect.arrayContaining([
          "./glitchtip.yaml:/workspace/glitchtip.yaml:ro",
          "./servers:/workspace/servers:ro",
          "./.glitchtip/serve.mjs:/opt/glitchtip-compose/serve.mjs:ro",
        ]),
      );
    }
    expect(secretsOf(services["glitchtip-service-worker"])).toEqual([
      "glitchtip_admin_password",
      "glitchtip_variable_prod_token",
    ]);
    for (const name of ["glitchtip-service", "glitchtip-service-watch"] as const) {
      expect(secretsOf(services[name]), name).toEqual([]);
    }
  });

  it("makes new containers where the declaration has changed, which is mounted as a file", () => {
    const hash = (lines: string) => JSON.stringify(stack(lines).services["glitchtip-service-watch"]?.environment);
    expect(hash(own)).toBe(hash(own));
    expect(hash(`${own}\nonFailure: start-without-reporting`)).not.toBe(hash(own));
  });

  it("writes settings that its containers can read", () => {
    const text = rendered(own).files.find(({ path }) => path === ".glitchtip/service.json")?.content ?? "";
    expect(serviceSettings.parse(JSON.parse(text))).toMatchObject({
      files: ["glitchtip.yaml", "servers"],
      queue: "redis://glitchtip-service-queue:6379",
      server: "http://glitchtip:8000",
      everySeconds: 300,
      apply: false,
      variables: { PROD_TOKEN: "glitchtip_variable_prod_token" },
    });
    expect(text).not.toContain("prod-token");
  });

  it("is also for Podman, and beside a single container", () => {
    expect(JSON.stringify(stack("engine: podman\nservice: {}").services)).not.toContain("start_interval");
    const single = stack("server: { topology: single-container }\nservice: {}").services;
    expect(Object.keys(single)).toEqual(expect.arrayContaining([...NAMES, "glitchtip-service-queue"]));
    expect(secretsOf(single["glitchtip-service-worker"])).toEqual(["glitchtip_admin_password"]);
  });

  it("is for a stack with a GlitchTip of its own, and for a folder beside the declaration", () => {
    const elsewhere = "server: { url: https://errors.example.com, token: 'env:TOKEN' }\nservice: {}";
    expect(problemsOf(elsewhere)).toMatch(/service: is a part of a stack with a GlitchTip of its own/);
    for (const folder of ["/etc", "../servers", "~/servers", "."]) {
      const lines = `service: { declarations: ${JSON.stringify(folder)} }`;
      expect(problemsOf(lines), folder).toMatch(/service.declarations: must be a folder beside glitchtip.yaml/);
    }
    expect(problemsOf("service: { secrets: { lower: 'file:./x' } }")).toMatch(/must be a variable, such as PROD_TOKEN/);
  });
});
