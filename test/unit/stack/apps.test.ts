// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are Compose's variables
import { describe, expect, it } from "vitest";
import { CodedError } from "../../../src/base/errors.ts";
import { provisionInputSchema } from "../../../src/config/provision-input.ts";
import type { RenderedStack } from "../../../src/stack/model.ts";
import { composeOf, declarationWith, renderedStack } from "../../support/stack.ts";

const APP = "apps: { api: { project: shop } }";
const render = (service: string, apps = APP) => renderedStack(declarationWith(apps), `services: {api: ${service}}`);
const overlay = (service: string, apps = APP) => composeOf(render(service, apps)).services.api ?? {};
const wrapped = (...start: string[]) => [
  "/glitchtip-with-dsn",
  "--wait",
  "5",
  "--on-failure",
  "block",
  "--variables",
  "SENTRY_DSN",
  "api",
  "--",
  ...start,
];

/** What the provisioner is told of the app. */
const provisioned = (stack: RenderedStack) => {
  const input = stack.files.find(({ path }) => path === ".glitchtip/provision.json")?.content ?? "";
  return provisionInputSchema.parse(JSON.parse(input)).declaration.apps.api;
};

function refusal(run: () => unknown): CodedError {
  try {
    run();
  } catch (error) {
    if (error instanceof CodedError) return error;
    throw error;
  }
  throw new Error("nothing was refused");
}

describe("an app's entrypoint", () => {
  it("goes behind the wrapper, and its command stays in the user's file", () => {
    expect(overlay("{entrypoint: [docker-entrypoint.sh], command: [node, a.js]}")).toEqual({
      entrypoint: wrapped("docker-entrypoint.sh"),
      depends_on: { "glitchtip-provision": { condition: "service_completed_successfully", required: false } },
      networks: ["default", "glitchtip"],
      volumes: ["glitchtip-dsn:/run/glitchtip:ro"],
      configs: [{ source: "glitchtip-with-dsn", target: "/glitchtip-with-dsn", mode: "0555" }],
      labels: { "glitchtip-compose.dsn": "shop at http://glitchtip:8000" },
    });
  });

  it("is made anew when its DSN will be another one", () => {
    const label = (app: string) => overlay("{entrypoint: [x], command: [y]}", `apps: {api: ${app}}`).labels;
    expect([label("{project: shop, audience: host}"), label("{project: shop, audience: public}")]).toEqual([
      { "glitchtip-compose.dsn": "shop at http://127.0.0.1:${GLITCHTIP_PORT:-8000}" },
      { "glitchtip-compose.dsn": "shop at http://localhost:${GLITCHTIP_PORT:-8000}" },
    ]);
  });

  it("may be a text", () => {
    expect(overlay(`{entrypoint: "sh -c 'exec node a.js'"}`).entrypoint).toEqual(wrapped("sh", "-c", "exec node a.js"));
  });

  it("keeps Compose's variables for Compose", () => {
    expect(overlay("{entrypoint: [run, '--port=${PORT}', '$$HOME']}").entrypoint).toEqual(
      wrapped("run", "--port=${PORT}", "$$HOME"),
    );
  });

  it.each(["run $PORT", "a | b"])("that only Compose can split is left to it: %s", (entrypoint) => {
    expect(overlay(`{entrypoint: ${JSON.stringify(entrypoint)}}`).entrypoint).toBe(
      `/glitchtip-with-dsn --wait 5 --on-failure block --variables SENTRY_DSN api -- ${entrypoint}`,
    );
  });

  it("that is empty leaves the stated command alone", () => {
    expect(overlay("{entrypoint: [], command: [node, a.js]}")).toMatchObject({ entrypoint: wrapped() });
  });

  it("comes from the declaration where only the command is stated", () => {
    const service = overlay("{command: [node, a.js]}", "apps: {api: {project: shop, entrypoint: [tini, --]}}");
    expect(service.entrypoint).toEqual(wrapped("tini", "--"));
    expect(service).not.toHaveProperty("command");
  });

  it("that has a dollar in the image has it in the container: Compose's variables are not meant", () => {
    const apps = `apps: {api: {project: shop, entrypoint: [sh, -c, 'echo "$HOME"'], command: ['$A']}}`;
    expect(overlay("{image: x}", apps)).toMatchObject({
      entrypoint: wrapped("sh", "-c", 'echo "$$HOME"'),
      command: ["$$A"],
    });
  });

  it("comes from the declaration with the command where nothing is stated", () => {
    const apps = "apps: {api: {project: shop, entrypoint: [], command: [node, a.js]}}";
    expect(overlay("{image: x}", apps)).toMatchObject({ entrypoint: wrapped(), command: ["node", "a.js"] });
  });

  it.each([
    [
      "{image: x}",
      APP,
      /: entrypoint and command come from its image x; add to glitchtip.yaml, under apps.api, .*: entrypoint: \["docker-entrypoint.sh"\], command: /,
    ],
    ["{command: x}", APP, /: entrypoint comes from its image; /],
    ["{entrypoint: []}", APP, /: command come/],
    ["{image: x}", "apps: {api: {project: shop, entrypoint: [a]}}", /: command come/],
    ["{entrypoint: 'sh -c \"exit'}", APP, /sh -c "exit has a quote that is not closed/],
  ])("that is not known is an error which says what to type: %s", (service, apps, message) => {
    const error = refusal(() => render(service, apps));
    expect([error.code, error.message]).toEqual(["GC1106", expect.stringMatching(message)]);
  });
});

describe("an app", () => {
  it("with a read-only file system gets the wrapper as a file", () => {
    const stack = render("{entrypoint: [x], read_only: true}");
    expect(composeOf(stack).services.api).toMatchObject({
      entrypoint: ["/bin/sh", ...wrapped("x")],
      volumes: ["glitchtip-dsn:/run/glitchtip:ro", "./.glitchtip/with-dsn:/glitchtip-with-dsn:ro"],
    });
    expect(composeOf(stack)).not.toHaveProperty("configs");
  });

  it("with networks of its own gets one more; one without keeps `default`", () => {
    expect(overlay("{entrypoint: [x], networks: [own]}").networks).toEqual(["glitchtip"]);
    expect(overlay("{entrypoint: [x]}").networks).toEqual(["default", "glitchtip"]);
  });

  it("in the host's network gets no network, and the DSN of the published port", () => {
    const stack = render("{entrypoint: [x], network_mode: host}");
    expect(composeOf(stack).services.api).not.toHaveProperty("networks");
    expect(provisioned(stack)).toMatchObject({ variables: { SENTRY_DSN: "host" } });
  });

  it.each(["none", "container:db", "bridge"])("with network_mode: %s cannot reach GlitchTip", (mode) => {
    const error = refusal(() => render(`{entrypoint: [x], network_mode: "${mode}"}`));
    expect([error.code, error.message]).toEqual(["GC1109", expect.stringContaining(`network_mode: ${mode}`)]);
  });

  it("that shares another service's network takes that one into GlitchTip's", () => {
    const stack = renderedStack(
      declarationWith(APP),
      "services: {api: {entrypoint: [x], network_mode: service:vpn}, vpn: {image: x, networks: [own]}, db: }",
    );
    expect(composeOf(stack).services.api).not.toHaveProperty("networks");
    expect(composeOf(stack).services.vpn).toEqual({ networks: ["glitchtip"] });
    expect(stack.warnings).toEqual(["service vpn joins GlitchTip's network, because api shares its network"]);
  });

  it("that shares the network of one in the host's network uses the published port", () => {
    const stack = renderedStack(
      declarationWith(APP),
      "services: {api: {entrypoint: [x], network_mode: service:vpn}, vpn: {image: x, network_mode: host}}",
    );
    const provision = stack.files.find(({ path }) => path === ".glitchtip/provision.json")?.content ?? "";
    expect(JSON.parse(provision).declaration.apps.api.variables).toEqual({ SENTRY_DSN: "host" });
    expect(composeOf(stack).services).not.toHaveProperty("vpn");
  });

  it("passes its variables and its own policy to the wrapper", () => {
    const apps = "apps: {api: {project: shop, variables: [A, spring.dsn], onFailure: start-without-reporting}}";
    expect(overlay("{entrypoint: [x]}", apps).entrypoint).toEqual([
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

  it("with several audiences gets each variable's own address, and is made anew when one of them changes", () => {
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

  it("in the host's network keeps the public address for browsers", () => {
    const stack = render("{entrypoint: [x], network_mode: host}", "apps: {api: {project: shop, preset: next}}");
    expect(provisioned(stack)).toMatchObject({ variables: { SENTRY_DSN: "host", NEXT_PUBLIC_SENTRY_DSN: "public" } });
  });

  it("is told environment, release and sample rate by Compose, which puts its variables in", () => {
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

  it("without a shell is started by a busybox from a volume that holds nothing else", () => {
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

  it("may take its DSN from an env file: nothing is put in front of its program", () => {
    const apps = "apps: {api: {project: shop, inject: env-file}}";
    expect(overlay("{image: x, read_only: true}", apps)).toEqual({
      depends_on: { "glitchtip-provision": { condition: "service_completed_successfully", required: false } },
      networks: ["default", "glitchtip"],
      env_file: [{ path: "./.glitchtip/env/api.env", required: false }],
      labels: { "glitchtip-compose.dsn": "shop at http://glitchtip:8000" },
    });
    expect(composeOf(render("{image: x}", apps))).not.toHaveProperty("configs");
    expect(render("{image: x, environment: [SENTRY_DSN=]}", apps).warnings).toEqual([
      "service api sets SENTRY_DSN itself, and that may win over the DSN from GlitchTip",
    ]);
  });

  it("that sets the variable itself is warned about", () => {
    expect(render("{entrypoint: [x], environment: [SENTRY_DSN=]}").warnings).toEqual([
      "service api sets SENTRY_DSN itself; the DSN from GlitchTip wins over it",
    ]);
  });

  it("gets no security keys of ours", () => {
    for (const key of ["cap_drop", "security_opt", "user", "read_only", "privileged"]) {
      expect(overlay("{entrypoint: [x]}")).not.toHaveProperty(key);
    }
  });

  it("that the Compose file does not have is an error with the names it has", () => {
    const error = refusal(() =>
      renderedStack(declarationWith("apps: {apii: {project: shop}}"), "services: {api: , db: }"),
    );
    expect([error.code, error.message]).toEqual([
      "GC1104",
      'there is no service "apii" in your Compose file (it has api, db); did you mean "api"?',
    ]);
  });
});

it("all apps that cannot be given a DSN are named at once", () => {
  const apps = "apps: {a: {project: shop}, b: {project: shop}}";
  const error = refusal(() =>
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
  ["secrets: {glitchtip_db_password: {file: x}}", "secrets.glitchtip_db_password"],
])("a name that is ours too is refused: %s", (compose, name) => {
  const error = refusal(() => renderedStack(declarationWith(""), compose));
  expect([error.code, error.message]).toEqual(["GC1109", `your Compose file and ours both have ${name}`]);
});

it("an app that is stated to start with nothing is refused", () => {
  const { code, message } = refusal(() =>
    overlay("{image: a}", "apps: { api: { project: shop, entrypoint: [], command: [] } }"),
  );
  expect([code, message]).toEqual(["GC1106", expect.stringContaining("neither entrypoint nor command")]);
});

describe("what only docker compose can read", () => {
  const start = "entrypoint: [node], command: [a.js]";
  const from = (text: string) => () => renderedStack(declarationWith(APP), text);

  it.each([
    "https://example.com/shop.git",
    "oci://docker.io/shop/base:1",
    "git@example.com:shop.git",
    "github.com/shop/base",
  ])("an app from %s is refused with the file's name and what to do", (address) => {
    const { code, message } = refusal(from(`include: ["${address}"]\nservices: { web: { ${start} } }`));
    expect([code, message]).toEqual(["GC1103", expect.stringContaining(`includes ${address}`)]);
    expect(message).toContain("Run it where docker compose works");
  });

  it("an app that extends a service from elsewhere is refused, too: its entrypoint may stand there", () => {
    const { message } = refusal(
      from(`services: { api: { image: a, extends: { file: "https://example.com/base.git", service: b }, ${start} } }`),
    );
    expect(message).toContain("extends https://example.com/base.git");
  });

  it("an app that is here is given its DSN, whatever else is elsewhere", () => {
    const stack = from(`include: ["oci://docker.io/shop/base:1"]\nservices: { api: { depends_on: [db], ${start} } }`);
    expect(composeOf(stack()).services.api?.entrypoint).toEqual(wrapped("node"));
  });

  it("a file here is one here, though its name begins like an address", () => {
    expect(refusal(from(`include: [ocis.yaml]\nservices: { api: { ${start} } }`)).message).toContain(
      "ocis.yaml, which is not there",
    );
  });
});
