import { describe, expect, it } from "vitest";
import { checkDeclaration } from "../../../src/config/check.ts";
import { loadDeclaration } from "../../../src/config/load.ts";
import { problemsIn } from "../../support/declaration-problems.ts";

const MINIMAL = `version: 1
admin: {email: admin@example.com}
organization: Acme
projects:
  shop:
`;

/** Ten levels of ten aliases each, which expand to ten billion values. */
const BILLION_LAUGHS = `x-0: &x0 [lol]\n${Array.from({ length: 10 }, (_, i) => `x-${i + 1}: &x${i + 1} [${Array(10).fill(`*x${i}`).join(", ")}]\n`).join("")}`;

const problemsOf = (text: string) => problemsIn(() => loadDeclaration(text, "glitchtip.yaml"));

describe("a declaration", () => {
  it("gets its defaults, and may name a project without any fields", () => {
    expect(loadDeclaration(MINIMAL, "glitchtip.yaml")).toEqual({
      version: 1,
      server: {
        port: 8000,
        timeoutMs: 30_000,
        retries: 3,
        allowPrivateAddresses: false,
        database: "bundled",
        registration: "closed",
      },
      admin: { email: "admin@example.com" },
      organization: "Acme",
      projects: { shop: {} },
      prune: false,
      apps: {},
      onFailure: "block",
    });
  });

  it("takes `valkey: off` as the word, not as false", () => {
    expect(loadDeclaration(`${MINIMAL}server: {valkey: off}\n`, "glitchtip.yaml").server.valkey).toBe("off");
  });

  it("takes names in other scripts than Latin", () => {
    expect(loadDeclaration(`${MINIMAL}  магазин:\n`, "glitchtip.yaml").projects).toHaveProperty("магазин");
  });

  it("reports all mistakes at once, each with line, column, path and a suggestion for a near miss", () => {
    const text = `version: 2
organisation: Acme
admin: {email: nobody}
server:
  topologie: split
  port: 99999
  retention: {events: 90}
projects:
  ${"x".repeat(65)}: {}
  " ": {}
  shop: {team: "a b", platfrm: node}
apps:
  api: {project: shop, audience: contaner, variables: []}
  web: {project: shop, onFailure: false}
`;
    expect(problemsOf(text)).toEqual([
      "glitchtip.yaml:1:1: organization: is missing",
      "glitchtip.yaml:1:10: version: must be 1, not 2",
      'glitchtip.yaml:2:1: organisation: unknown key; did you mean "organization"?',
      "glitchtip.yaml:3:16: admin.email: must be an e-mail address",
      'glitchtip.yaml:5:3: server.topologie: unknown key; did you mean "topology"?',
      "glitchtip.yaml:6:9: server.port: must be at most 65535",
      "glitchtip.yaml:7:23: server.retention.events: must be a text, not 90",
      `glitchtip.yaml:9:3: projects.${"x".repeat(65)}: the name must have at most 64 characters`,
      "glitchtip.yaml:10:3: projects. : the name must not be blank",
      "glitchtip.yaml:11:16: projects.shop.team: must be 1 to 50 letters, digits, - or _",
      'glitchtip.yaml:11:23: projects.shop.platfrm: unknown key; did you mean "platform"?',
      'glitchtip.yaml:13:34: apps.api.audience: must be one of container, host, public, not "contaner"; did you mean "container"?',
      "glitchtip.yaml:13:44: apps.api.variables: must have at least 1 item",
      "glitchtip.yaml:14:35: apps.web.onFailure: must be one of block, start-without-reporting, not false",
    ]);
  });

  it("reports broken YAML in the same form", () => {
    expect(problemsOf("version: 1\nversion: 2\nadmin: {email\n")).toEqual([
      expect.stringMatching(/^glitchtip\.yaml:2:1: Map keys must be unique/),
      expect.stringMatching(/^glitchtip\.yaml:4:1: /),
    ]);
  });

  it("refuses a second document, at its line", () => {
    expect(problemsOf(`${MINIMAL}---\nversion: 1\n`)).toEqual([
      `glitchtip.yaml:${MINIMAL.split("\n").length}:1: the file has more than one YAML document`,
    ]);
  });

  it("resolves anchors, aliases and merge keys", () => {
    const text = MINIMAL.replace(
      "  shop:",
      "  shop: &defaults {team: backend, platform: node}\n  jobs: {<<: *defaults, team: jobs}",
    );
    expect(loadDeclaration(text, "glitchtip.yaml").projects).toEqual({
      shop: { team: "backend", platform: "node" },
      jobs: { team: "jobs", platform: "node" },
    });
  });

  it.each([
    ["has no anchor", MINIMAL.replace("shop:", "shop: *nowhere")],
    ["expands to thousands of values", `${BILLION_LAUGHS}${MINIMAL}`],
  ])("refuses an alias that %s", (_, text) => {
    expect(() => loadDeclaration(text, "glitchtip.yaml")).toThrow(expect.objectContaining({ code: "GC1102" }));
  });

  it("reports an empty file", () => {
    expect(problemsOf("")).toEqual(["glitchtip.yaml:1:1: must be a map, not nothing"]);
  });

  it("refuses an app whose project does not exist, and a variable named twice", () => {
    const apps = "apps: {api: {project: shpo, variables: [SENTRY_DSN, DSN, SENTRY_DSN]}}\n";
    expect(problemsOf(MINIMAL + apps)).toEqual([
      'glitchtip.yaml:6:23: apps.api.project: there is no project "shpo"; did you mean "shop"?',
      'glitchtip.yaml:6:58: apps.api.variables.2: "SENTRY_DSN" is there twice',
    ]);
  });

  it.each([
    [
      "variables: {SENTRY_DSN: contaner}",
      /variables\.SENTRY_DSN: must be one of container, host, public, not "contaner"/,
    ],
    ["variables: {A B: host}", /variables\.A B: the name must be a variable's name/],
    ...["PATH", "LD_PRELOAD", "_gtc_wait", "'a,b'"].map((name): [string, RegExp] => [
      `variables: [${name}]`,
      /variables\.0: must be a variable's name, and none that the system or with-dsn acts on/,
    ]),
    ["variables: {}", /variables: must have at least 1 name/],
    ["variables: SENTRY_DSN", /variables: must be a list or a map, not "SENTRY_DSN"/],
    ["variables: [A, 2]", /variables\.1: must be a text, not 2/],
    ["preset: vit", /preset: must be one of vite, .* did you mean "vite"/],
    ["inject: env-file, onFailure: block", /onFailure: an env-file cannot hold an app back/],
    ["inject: magic", /inject: must be one of entrypoint, busybox, env-file, provider, not "magic"/],
    [
      "inject: provider",
      /inject: Compose calls a provider before it starts anything, .* state server.url without server.image/,
    ],
    ["sampleRate: 2", /sampleRate: must be at most 1/],
  ])("refuses an app that cannot get a DSN: %s", (app, message) => {
    expect(problemsOf(`${MINIMAL}apps: {api: {project: shop, ${app}}}\n`)).toEqual([expect.stringMatching(message)]);
  });

  it.each([
    ["database: mysql", /server\.database: must be bundled, not "mysql"/],
    ["database: [a]", /server\.database: must be bundled or a map, not a list/],
    ["database: {service: db}", /server\.database\.url: is missing/],
    [
      "database: {url: 'postgres://a:b@c/d'}",
      /server\.database\.url: must be file:PATH, env:NAME or vault:.*; a password/,
    ],
    ["database: {uri: env:A, url: env:A}", /server\.database\.uri: unknown key/],
    ["valkey: on", /server\.valkey: must be one of off, bundled, not "on"/],
  ])("refuses a database or Valkey that cannot be reached: %s", (server, message) => {
    expect(problemsOf(`${MINIMAL}server: {${server}}\n`)).toEqual([expect.stringMatching(message)]);
  });

  it("shows no value that stands in the place of a password reference", () => {
    for (const password of ["hunter2-hunter2", "12345678", "[hunter2]", "{a: hunter2}"]) {
      const [problem, ...others] = problemsOf(MINIMAL.replace("{email", `{password: ${password}, email`));
      expect([problem, others]).toEqual([
        expect.stringMatching(/^glitchtip\.yaml:2:\d+: admin\.password: must be /),
        [],
      ]);
      expect(problem).not.toMatch(/hunter2|12345678/);
    }
  });

  it("refuses __proto__ as a name", () => {
    expect(problemsOf(`${MINIMAL}  store: {name: __proto__}\n`)).toEqual([
      "glitchtip.yaml:6:17: projects.store.name: is a reserved name; choose another one",
    ]);
  });

  it.each([
    ["at the top", "__proto__: {x: 1}\n", "__proto__"],
    ["of a project", "  __proto__: {name: store}\n", "projects.__proto__"],
    ["in a project", "  store: {__proto__: {name: store}}\n", "projects.store.__proto__"],
    ["of an app", "apps: {__proto__: {project: shop}}\n", "apps.__proto__"],
    [
      "of a variable",
      "apps: {api: {project: shop, variables: {A: host, __proto__: host}}}\n",
      "apps.api.variables.__proto__",
    ],
  ])("refuses __proto__ as the key %s, and changes no prototype", (_, text, path) => {
    expect(problemsOf(MINIMAL + text)).toEqual([
      expect.stringContaining(` ${path}: is a reserved name; choose another one`),
    ]);
    expect(Object.keys(Object.prototype)).toEqual([]);
    expect({}).not.toHaveProperty("name");
  });

  it("takes names that every object inherits", () => {
    const { projects } = loadDeclaration(`${MINIMAL}  constructor: {name: a}\n  toString:\n`, "glitchtip.yaml");
    expect(Object.keys(projects)).toEqual(["shop", "constructor", "toString"]);
  });

  it("refuses two projects with the same name, because GlitchTip would rename the second", () => {
    expect(problemsOf(`${MINIMAL}  store: {name: shop}\n`)).toEqual([
      'glitchtip.yaml:6:3: projects.store: "shop" and "store" have the same name, "shop"',
    ]);
  });

  it.each([
    ["{image: glitchtip/glitchtip:latest}", /server.image: the tag .* state server\.generation/],
    ["{image: glitchtip/glitchtip:v3.4.1}", /server.image: .* is older than GlitchTip 4.1/],
    [
      "{image: glitchtip/glitchtip:5.2, topology: all-in-one}",
      /server.topology: generation 5.2 runs only as split: .*/,
    ],
    ["{image: glitchtip/glitchtip:v5.1.1, valkey: off}", /server.valkey: generation 5.1 does not run without Valkey/],
  ])("refuses a server that cannot run: %s", (server, message) => {
    expect(problemsOf(`${MINIMAL}server: ${server}\n`)).toEqual([expect.stringMatching(message)]);
  });

  it("takes any image where the generation is stated", () => {
    const { server } = loadDeclaration(`${MINIMAL}server: {image: own/build:main, generation: "5.2"}\n`, "g.yaml");
    expect(server.generation).toBe("5.2");
  });

  it("is checked by the same rules where it has no lines yet", () => {
    expect(() => checkDeclaration({ version: 1 }, "glitchtip.yaml")).toThrow(
      expect.objectContaining({
        code: "GC1101",
        problems: ["admin: is missing", "organization: is missing", "projects: is missing"],
      }),
    );
  });
});
