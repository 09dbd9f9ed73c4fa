// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are Compose's variables
import { describe, expect, it } from "vitest";
import { provisionInputSchema } from "../../../src/config/provision-input.ts";
import { refusalOf } from "../../support/refusal.ts";
import { composeOf, declarationWith, renderedStack } from "../../support/stack.ts";
import { APP, overlay, provisioned, render, wrapped } from "./overlay.ts";

describe("an app", () => {
  it("gets the wrapper as a file where its file system is read-only", () => {
    const stack = render("{entrypoint: [x], read_only: true}");
    expect(composeOf(stack).services.api).toMatchObject({
      entrypoint: wrapped("x"),
      volumes: ["glitchtip-dsn-api:/run/glitchtip:ro", "./.glitchtip/with-dsn:/glitchtip-with-dsn:ro"],
    });
    expect(composeOf(stack)).not.toHaveProperty("configs");
  });

  it("gets one network more, and keeps `default` where it names none", () => {
    expect(overlay("{entrypoint: [x], networks: [own]}").networks).toEqual(["glitchtip-apps"]);
    expect(overlay("{entrypoint: [x]}").networks).toEqual(["default", "glitchtip-apps"]);
  });

  it("gets no network and the DSN of the published port in the host's network", () => {
    const stack = render("{entrypoint: [x], network_mode: host}");
    expect(composeOf(stack).services.api).not.toHaveProperty("networks");
    expect(provisioned(stack)).toMatchObject({ variables: { SENTRY_DSN: "host" } });
  });

  it.each(["none", "container:db", "bridge"])("is refused with network_mode: %s", (mode) => {
    const error = refusalOf(() => render(`{entrypoint: [x], network_mode: "${mode}"}`));
    expect([error.code, error.message]).toEqual(["GC1109", expect.stringContaining(`network_mode: ${mode}`)]);
  });

  it("lets the service whose network it shares join GlitchTip's", () => {
    const stack = renderedStack(
      declarationWith(APP),
      "services: {api: {entrypoint: [x], network_mode: service:vpn}, vpn: {image: x, networks: [own]}, db: }",
    );
    expect(composeOf(stack).services.api).not.toHaveProperty("networks");
    expect(composeOf(stack).services.vpn).toEqual({ networks: ["glitchtip-apps"] });
    expect(stack.warnings).toEqual(["service vpn joins GlitchTip's network, because api shares its network"]);
  });

  it("uses the published port where it shares the network of a service in the host's network", () => {
    const stack = renderedStack(
      declarationWith(APP),
      "services: {api: {entrypoint: [x], network_mode: service:vpn}, vpn: {image: x, network_mode: host}}",
    );
    const provision = stack.files.find(({ path }) => path === ".glitchtip/provision.json")?.content ?? "";
    expect(JSON.parse(provision).declaration.apps.api.variables).toEqual({ SENTRY_DSN: "host" });
    expect(composeOf(stack).services).not.toHaveProperty("vpn");
  });

  it("passes its variables and its onFailure to the wrapper", () => {
    const apps = "apps: {api: {project: shop, variables: [A, spring.dsn], onFailure: start-without-reporting}}";
    expect(overlay("{entrypoint: [x]}", apps).entrypoint).toEqual([
      "/bin/sh",
      "/glitchtip-with-dsn",
      "--wait",
      "5",
      "--on-failure",
      "start-without-reporting",
      "--variables",
      "A,spring.dsn",
      "api",
      "--",
      "x",
    ]);
    expect(overlay("{entrypoint: [x]}", `${APP}\nonFailure: start-without-reporting`).entrypoint).toContain(
      "start-without-reporting",
    );
  });

  it("gets each variable with the address of its audience, and is recreated when one changes", () => {
    const stack = render("{entrypoint: [x]}", "apps: {api: {project: shop, preset: next}}");
    const api = composeOf(stack).services.api;
    expect(api?.entrypoint).toContain("SENTRY_DSN,NEXT_PUBLIC_SENTRY_DSN");
    expect(api?.labels).toEqual({
      "glitchtip-compose.dsn": "shop at http://glitchtip:8000 and http://localhost:${GLITCHTIP_PORT:-8000}",
    });
    expect(provisioned(stack)).toMatchObject({
      variables: { SENTRY_DSN: "container", NEXT_PUBLIC_SENTRY_DSN: "public" },
    });
  });

  it("keeps the public address for browsers in the host's network", () => {
    const stack = render("{entrypoint: [x], network_mode: host}", "apps: {api: {project: shop, preset: next}}");
    expect(provisioned(stack)).toMatchObject({ variables: { SENTRY_DSN: "host", NEXT_PUBLIC_SENTRY_DSN: "public" } });
  });

  it("gets environment, release and sample rate from Compose, which fills in its variables", () => {
    const apps = "apps: {api: {project: shop, environment: staging, release: '${GIT_SHA:-dev}', sampleRate: 0.2}}";
    expect(overlay("{entrypoint: [x]}", apps).environment).toEqual({
      SENTRY_ENVIRONMENT: "staging",
      SENTRY_RELEASE: "${GIT_SHA:-dev}",
      SENTRY_TRACES_SAMPLE_RATE: "0.2",
    });
    expect(render("{entrypoint: [x], environment: [SENTRY_RELEASE=1]}", apps).warnings).toEqual([
      "service api sets SENTRY_RELEASE itself; the value in glitchtip.yaml wins over it",
    ]);
  });

  it("is started by a busybox from a volume of its own where its image has no shell", () => {
    const stack = render("{entrypoint: [/app], read_only: true}", "apps: {api: {project: shop, inject: busybox}}");
    const { services, volumes } = composeOf(stack);
    const start = services.api?.entrypoint as string[];
    expect(start.slice(0, 5)).toEqual([
      ...["/run/glitchtip-tools/busybox", "sh", "/glitchtip-with-dsn", "--busybox", "/run/glitchtip-tools/busybox"],
    ]);
    expect(start.at(-1)).toBe("/app");
    expect(services.api).toMatchObject({
      volumes: expect.arrayContaining(["glitchtip-tools:/run/glitchtip-tools:ro"]),
      depends_on: { "glitchtip-busybox": { condition: "service_completed_successfully", required: false } },
    });
    expect(services["glitchtip-busybox"]).toMatchObject({
      volumes: ["glitchtip-tools:/tools"],
      network_mode: "none",
      cap_drop: ["ALL"],
      read_only: true,
    });
    expect(volumes).toHaveProperty("glitchtip-tools");
    expect(composeOf(render("{entrypoint: [/app]}")).services).not.toHaveProperty("glitchtip-busybox");
  });

  it("may take its DSN from an env file, without a wrapper", () => {
    const apps = "apps: {api: {project: shop, inject: env-file}}";
    expect(overlay("{image: x, read_only: true}", apps)).toEqual({
      depends_on: { "glitchtip-provision": { condition: "service_completed_successfully", required: false } },
      networks: ["default", "glitchtip-apps"],
      env_file: [{ path: "./.glitchtip/env/api.env", required: false }],
      labels: { "glitchtip-compose.dsn": "shop at http://glitchtip:8000" },
    });
    expect(composeOf(render("{image: x}", apps))).not.toHaveProperty("configs");
    expect(render("{image: x, environment: [SENTRY_DSN=]}", apps).warnings).toEqual([
      "service api sets SENTRY_DSN itself, and that may win over the DSN from GlitchTip",
    ]);
  });

  it("causes a warning where it sets the variable itself", () => {
    expect(render("{entrypoint: [x], environment: [SENTRY_DSN=]}").warnings).toEqual([
      "service api sets SENTRY_DSN itself; the DSN from GlitchTip wins over it",
    ]);
  });

  it("gets no security settings of the stack", () => {
    for (const key of ["cap_drop", "security_opt", "user", "read_only", "privileged"]) {
      expect(overlay("{entrypoint: [x]}")).not.toHaveProperty(key);
    }
  });

  it("is an error that names the known services where the Compose file does not have it", () => {
    const error = refusalOf(() =>
      renderedStack(declarationWith("apps: {apii: {project: shop}}"), "services: {api: , db: }"),
    );
    expect([error.code, error.message]).toEqual([
      "GC1104",
      'there is no service "apii" in your Compose file (it has api, db); did you mean "api"?',
    ]);
  });
});

it("an error names all apps that cannot be given a DSN", () => {
  const apps = "apps: {a: {project: shop}, b: {project: shop}}";
  const error = refusalOf(() =>
    renderedStack(declarationWith(apps), "services: {b: {entrypoint: [x], network_mode: none}}"),
  );
  expect(error.problems).toEqual([
    expect.stringContaining('no service "a"'),
    expect.stringContaining("service b has network_mode"),
  ]);
});

it.each([
  ["services: {glitchtip: {image: x}}", "services.glitchtip"],
  ["volumes: {glitchtip-dsn: }", "volumes.glitchtip-dsn"],
  ["networks: {glitchtip: }", "networks.glitchtip"],
  ["volumes: {glitchtip-db-password: {}}", "volumes.glitchtip-db-password"],
])("a name that the stack has, too, is refused: %s", (compose, name) => {
  const error = refusalOf(() => renderedStack(declarationWith(""), compose));
  expect([error.code, error.message]).toEqual(["GC1109", `your Compose file and ours both have ${name}`]);
});

it("an app with an empty entrypoint and an empty command is refused", () => {
  const { code, message } = refusalOf(() =>
    overlay("{image: a}", "apps: { api: { project: shop, entrypoint: [], command: [] } }"),
  );
  expect([code, message]).toEqual(["GC1106", expect.stringContaining("neither entrypoint nor command")]);
});

describe("a program on this machine", () => {
  const APPS = "apps: { dev: { project: shop, host: true, dotenv: .env.local }, api: { project: shop } }";

  it("is no service of the stack's file, and the provisioner makes it a DSN with the host's address", () => {
    const stack = render("{ image: node, entrypoint: [node] }", APPS);
    expect(Object.keys(composeOf(stack).services)).not.toContain("dev");
    const input = stack.files.find(({ path }) => path === ".glitchtip/provision.json")?.content ?? "";
    expect(provisionInputSchema.parse(JSON.parse(input)).declaration.apps.dev).toEqual({
      project: "shop",
      audience: "container",
      variables: { SENTRY_DSN: "host" },
      host: true,
    });
  });

  it.each([
    ["dev: { project: shop, host: true }", "apps.dev.dotenv: is missing"],
    [
      "dev: { project: shop, dotenv: .env.local }",
      "apps.dev.dotenv: is for a program on this machine, which has host: true",
    ],
    [
      "dev: { project: shop, host: true, dotenv: ../.env }",
      "apps.dev.dotenv: must be the path of a file in this folder",
    ],
    ["dev: { project: shop, host: true, dotenv: .env.local, inject: env-file }", "apps.dev.inject: is for a service"],
    ["dev: { project: shop, host: true, dotenv: .env.local, release: $SHA }", "apps.dev.release: holds a variable"],
    [
      "dev: { project: shop, host: true, dotenv: .env }, two: { project: shop, host: true, dotenv: .env }",
      "apps.two.dotenv: dev has SENTRY_DSN in .env already",
    ],
  ])("is refused as { %s }", (apps, problem) => {
    const error = refusalOf(() => render("{ image: node, entrypoint: [node] }", `apps: { ${apps} }`));
    expect([error.code, error.problems.join()]).toEqual(["GC1101", expect.stringContaining(problem)]);
  });
});
