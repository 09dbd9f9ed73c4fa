// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are Compose's variables
import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { provisionInputSchema } from "../../../src/config/provision-input.ts";
import { isStackService, ONE_SHOTS } from "../../../src/stack/service-names.ts";
import {
  type ComposeProject,
  composeOf,
  declarationWith,
  renderedStack,
  secretsOf,
  TEXTS,
} from "../../support/stack.ts";

const COMPOSE = `services:
  api: { image: shop/api, entrypoint: [docker-entrypoint.sh], command: [node, server.js] }
  web: { image: shop/web, entrypoint: [nginx], read_only: true, networks: [edge] }
networks: { edge: {} }
`;
const APPS = `apps:
  api: { project: shop }
  web: { project: shop, audience: public, variables: [VITE_SENTRY_DSN] }`;

const stack = (server: string, more = APPS) => renderedStack(declarationWith(`server: ${server}\n${more}`), COMPOSE);
const compose = (server: string, more = APPS): ComposeProject => composeOf(stack(server, more));
const environmentOf = (project: ComposeProject, service: string) => project.services[service]?.environment;

describe("compose.glitchtip.yaml", () => {
  it.each([
    ["generation-6", "{ image: 'glitchtip/glitchtip:6' }"],
    [
      "generation-6-split",
      "{ image: 'glitchtip/glitchtip:6', topology: split, valkey: bundled, url: 'https://errors.example.com', registration: open }",
    ],
    ["generation-5.1", "{ image: 'glitchtip/glitchtip:v5.1.1', port: 9000, retention: { events: 30d } }"],
  ])("is rendered for %s", async (name, server) => {
    const file = stack(server).files.find(({ path }) => path === "compose.glitchtip.yaml");
    await expect(file?.content).toMatchFileSnapshot(`snapshots/${name}.yaml`);
  });
});

describe("the services of the stack", () => {
  const ours = Object.entries(compose("{topology: split, valkey: bundled}").services).filter(([name]) =>
    name.startsWith("glitchtip"),
  );

  it.each(ours.filter(([, { scale }]) => scale !== 0))("%s is hardened, bounded and restarted", (_, service) => {
    expect(service).toMatchObject({
      cap_drop: ["ALL"],
      read_only: true,
      security_opt: ["no-new-privileges:true"],
      logging: { driver: "json-file", options: { "max-size": "10m", "max-file": "3" } },
      mem_limit: expect.stringMatching(/^(512|128)m$/),
      restart: expect.stringMatching(/^(unless-stopped|no)$/),
      user: expect.stringMatching(/^\d+:\d+$/),
    });
  });

  it("wait for what they need, and no dependency is required", () => {
    const links = ours.flatMap(([name, { depends_on = {} }]) =>
      Object.entries(depends_on as Record<string, { condition: string; required: boolean }>).map(
        ([other, { condition, required }]) => `${name} → ${other} ${condition} ${required ? "hard" : "soft"}`,
      ),
    );
    expect(links).toEqual([
      "glitchtip-db → glitchtip-setup service_completed_successfully soft",
      "glitchtip-init → glitchtip-db service_started soft",
      "glitchtip-init → glitchtip-valkey service_healthy soft",
      "glitchtip → glitchtip-init service_completed_successfully soft",
      "glitchtip → glitchtip-valkey service_healthy soft",
      "glitchtip-worker → glitchtip-init service_completed_successfully soft",
      "glitchtip-worker → glitchtip-valkey service_healthy soft",
      "glitchtip-provision → glitchtip service_healthy soft",
      "glitchtip-provision → glitchtip-worker service_started soft",
      "glitchtip-ready → glitchtip-provision service_completed_successfully soft",
    ]);
  });

  it("have one without a container, which waits for every one-shot that no other service of ours waits for", () => {
    const { services } = composeOf(
      renderedStack(
        declarationWith("apps: {api: {project: shop, inject: busybox}}"),
        "services: {api: {image: scratch, entrypoint: [/api]}}",
      ),
    );
    const links = Object.entries(services)
      .filter(([name]) => isStackService(name))
      .flatMap(([, { depends_on = {} }]) => Object.entries(depends_on as Record<string, { condition: string }>));
    const ended = links.flatMap(([name, { condition }]) =>
      condition === "service_completed_successfully" ? [name] : [],
    );
    expect(services["glitchtip-ready"]?.scale).toBe(0);
    expect(new Set(ended)).toEqual(new Set(ONE_SHOTS));
  });

  it("publish one port, on 127.0.0.1, and the database has neither a port nor a way out", () => {
    expect(ours.flatMap(([, { ports = [] }]) => ports)).toEqual(["127.0.0.1:${GLITCHTIP_PORT:-8000}:8000"]);
    expect(compose("{}").networks).toEqual({
      glitchtip: {},
      "glitchtip-apps": { internal: true },
      "glitchtip-apps-web": { internal: true },
      "glitchtip-db": { internal: true },
    });
    expect(compose("{}").services["glitchtip-db"]?.networks).toEqual(["glitchtip-db"]);
  });

  it("get secrets as files only", () => {
    for (const [, { environment = {} }] of ours) {
      for (const name of Object.keys(environment as object).filter((name) => /PASSWORD|SECRET|_KEY/.test(name))) {
        expect(name).toMatch(/_FILE$/);
      }
    }
  });
});

describe("the declared server", () => {
  it("is one container from generation 6 on, and two before", () => {
    const names = (image: string) => Object.keys(compose(`{image: '${image}'}`).services);
    expect(names("glitchtip/glitchtip:6")).not.toContain("glitchtip-worker");
    expect(names("glitchtip/glitchtip:5.2")).toContain("glitchtip-worker");
  });

  it("always has VALKEY_URL and PORT, and REDIS_URL where the generation knows only that", () => {
    expect(environmentOf(compose("{}"), "glitchtip")).toMatchObject({ PORT: "8000", VALKEY_URL: "" });
    const before = environmentOf(compose("{image: 'glitchtip/glitchtip:v4.1.5'}"), "glitchtip-worker");
    expect(before).toMatchObject({
      VALKEY_URL: "redis://glitchtip-valkey:6379/0",
      REDIS_URL: "redis://glitchtip-valkey:6379/0",
    });
  });

  it("knows the path of its address, and trusts its own pages behind https", () => {
    const at = (url: string) => environmentOf(compose(`{image: 'glitchtip/glitchtip:6', url: '${url}'}`), "glitchtip");
    expect(at("https://errors.example.com:8443/gt/")).toMatchObject({
      GLITCHTIP_DOMAIN: "https://errors.example.com:8443/gt",
      BASE_PATH: "/gt",
      CSRF_TRUSTED_ORIGINS: "https://errors.example.com:8443,http://glitchtip:8000",
    });
    const plain = at("http://localhost:8000/");
    expect(plain).toMatchObject({ GLITCHTIP_DOMAIN: "http://localhost:8000" });
    expect(plain).not.toHaveProperty("BASE_PATH");
    expect(plain).not.toHaveProperty("CSRF_TRUSTED_ORIGINS");
  });

  it("has the declared port and address, in which `$` begins no variable", () => {
    const project = compose("{image: 'glitchtip/glitchtip:6', port: 9000, url: 'https://errors.example.com/a$b'}");
    expect(project.services.glitchtip?.ports).toEqual(["127.0.0.1:${GLITCHTIP_PORT:-9000}:8000"]);
    expect(environmentOf(project, "glitchtip")).toMatchObject({ GLITCHTIP_DOMAIN: "https://errors.example.com/a$$b" });
    expect(environmentOf(project, "glitchtip-provision")).toMatchObject({
      GLITCHTIP_URL: "http://glitchtip:8000",
      GLITCHTIP_HOST_URL: "https://errors.example.com/a$$b",
      GLITCHTIP_PUBLIC_URL: "https://errors.example.com/a$$b",
    });
  });

  it("has the declared image as the default of GLITCHTIP_IMAGE", () => {
    const { services } = compose("{image: 'registry.example.com:5000/glitchtip:6.1'}");
    expect(services.glitchtip?.image).toBe("${GLITCHTIP_IMAGE:-registry.example.com:5000/glitchtip:6.1}");
    expect(services["glitchtip-init"]?.image).toBe(services.glitchtip?.image);
  });

  it("causes a warning where it is newer than any known one", () => {
    expect(stack("{image: 'glitchtip/glitchtip:9'}").warnings).toEqual([
      expect.stringContaining("treated as generation 6"),
    ]);
  });
});

describe("the administrator's password", () => {
  const secretOf = (password: string) => {
    const project = composeOf(
      renderedStack(declarationWith(`admin: {email: a@b.c, password: '${password}'}\n${APPS}`), COMPOSE),
    );
    const readOnly = ["glitchtip-init", "glitchtip-provision", "glitchtip"].map(
      (name) => project.services[name]?.read_only,
    );
    const setup = project.services["glitchtip-setup"];
    for (const name of ["glitchtip-init", "glitchtip-provision"]) {
      expect(secretsOf(project.services[name])).toContain("glitchtip_admin_password");
    }
    expect(secretsOf(project.services.glitchtip)).not.toContain("glitchtip_admin_password");
    expect(setup?.secrets).toEqual([
      { source: "glitchtip_admin_password", target: "/run/given-secrets/glitchtip_admin_password" },
    ]);
    return [(project.secrets as Record<string, unknown>).glitchtip_admin_password, [setup?.read_only, ...readOnly]];
  };

  it("may be a file", () => {
    expect(secretOf("file:/run/pw")).toEqual([{ file: "/run/pw" }, [true, true, true, true]]);
  });

  it("may be a variable; Compose copies that into the setup container, which must then be writable", () => {
    expect(secretOf("env:ADMIN_PASSWORD")).toEqual([{ environment: "ADMIN_PASSWORD" }, [false, true, true, true]]);
  });
});

describe("the provisioner", () => {
  const paths = (provisioner: string) =>
    stack("{}", `${APPS}\nprovisioner: ${provisioner}`).files.map(({ path }) => path);
  const service = (provisioner: string) =>
    compose("{}", `${APPS}\nprovisioner: ${provisioner}`).services["glitchtip-provision"];

  it("runs from the Node image with the bundle mounted", () => {
    expect(service("mount")).toMatchObject({
      user: "0:0",
      entrypoint: ["node", "/opt/glitchtip-compose/provisioner.mjs"],
    });
    expect(paths("mount")).toContain(".glitchtip/provisioner.mjs");
  });

  it("may be built from a folder that holds nothing else", () => {
    expect(service("build")).toMatchObject({ build: "./.glitchtip/provisioner", user: "1000:1000" });
    expect(paths("build")).toEqual(
      expect.arrayContaining([".glitchtip/provisioner/Dockerfile", ".glitchtip/provisioner/provisioner.mjs"]),
    );
  });

  it("is built anew when its program changes, though Compose builds only an image that is missing", () => {
    const images = ["// one", "// one", "// two"].map((provisioner) => {
      const declaration = declarationWith(`${APPS}\nprovisioner: build`);
      const { services } = composeOf(
        renderedStack(declaration, COMPOSE, undefined, { texts: { ...TEXTS, provisioner } }),
      );
      const names = ["glitchtip-provision", "glitchtip-setup", "glitchtip-ready"];
      return [...new Set(names.map((name) => services[name]?.image))].join();
    });
    expect(images[0]).toMatch(/^glitchtip-compose\/provisioner:[0-9a-f]{12}$/);
    expect(images[1]).toBe(images[0]);
    expect(images[2]).not.toBe(images[0]);
  });

  it("may be a ready image", () => {
    expect(service("image:registry.example.com/provisioner:1")).toMatchObject({
      image: "registry.example.com/provisioner:1",
    });
    expect(service("image:x")).not.toHaveProperty("entrypoint");
    expect(paths("image:x").join()).not.toContain("provisioner.mjs");
  });

  it("gets its input as one file, which its schema accepts", () => {
    const declaration = declarationWith(`server: {image: 'glitchtip/glitchtip:5.2'}\n${APPS}`);
    const { files } = renderedStack(declaration, COMPOSE);
    const input = provisionInputSchema.parse(
      JSON.parse(files.find(({ path }) => path === ".glitchtip/provision.json")?.content ?? ""),
    );
    expect(input).toMatchObject({
      tool: "1.2.3",
      generation: "5.2",
      declarationSha256: createHash("sha256").update(declaration).digest("hex"),
      declaration: { apps: { web: { audience: "public" } } },
    });
  });
});

it("no committed file holds a secret", () => {
  const { files } = stack("{}");
  expect(files.map(({ path }) => path).filter((path) => path.includes("secrets"))).toEqual([]);
  expect(files.find(({ path }) => path === ".glitchtip/.gitignore")?.content).toBe("/secrets/\n/env/\n/state/\n");
});

it("the wrapper is one file, and no script stands in the Compose file", () => {
  const { files } = stack("{}");
  expect(files.find(({ path }) => path === ".glitchtip/with-dsn")?.content).toBe('#!/bin/sh\nexec "$@"\n');
  expect(compose("{}").configs).toBeUndefined();
});
