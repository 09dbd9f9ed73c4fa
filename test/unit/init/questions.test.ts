import { describe, expect, it } from "vitest";
import { loadDeclaration } from "../../../src/config/load.ts";
import { INIT_OPTIONS, problemOfValue, usualOrganization } from "../../../src/init/index.ts";
import { surveyFolder } from "../../../src/workspace/index.ts";
import { refusal } from "../../support/refusal.ts";
import { TemporaryFolder } from "../../support/workspace.ts";
import { run } from "./initiating.ts";

describe("an answer on a terminal", () => {
  it.each([
    ["email", "nobody", /must be an e-mail address/],
    ["serverUrl", "errors.example.com", /must be an http:\/\/ or https:\/\/ address/],
    ["serverUrl", "ftp://errors.example.com", /must be an http:\/\/ or https:\/\/ address/],
    ["token", "abc", /env:NAME/],
    ["organization", "__proto__", /is a reserved name/],
    ["domain", "errors example com", /./],
  ] as const)("%s: %s is refused as the flag's value would be", (name, text, problem) => {
    expect(problemOfValue(INIT_OPTIONS[name], text)).toMatch(problem);
  });

  it.each([
    ["email", "you@example.com"],
    ["serverUrl", "https://errors.example.com/"],
    ["token", "env:GLITCHTIP_TOKEN"],
    ["organization", "Acme Labs"],
    ["domain", "errors.example.com"],
  ] as const)("%s: %s is taken", (name, text) => {
    expect(problemOfValue(INIT_OPTIONS[name], text)).toBeUndefined();
  });
});

it("the organization's name is by default the one that the question suggests", async () => {
  using folder = new TemporaryFolder();
  await run(folder, { noApps: true });
  const { organization } = loadDeclaration(folder.read("glitchtip.yaml"), "glitchtip.yaml");
  expect(organization).toBe(usualOrganization(folder.path));
  expect([usualOrganization("/srv/j1"), usualOrganization("/")]).toEqual(["J1", "Acme"]);
});

describe("the services that are selected at first", () => {
  const likely = (compose: string) => {
    using folder = new TemporaryFolder();
    folder.write("compose.yaml", `services:\n${compose}`);
    return surveyFolder(folder.path).likely;
  };

  it.each([
    [
      "those that are built",
      "  app: { build: . }\n  web: { image: shop/web }\n  db: { image: postgres:18 }\n",
      ["app"],
    ],
    [
      "where none is built, all but databases, queues and proxies",
      '  traefik: { image: "traefik:v3" }\n  db: { image: "postgres:18" }\n  web: { image: shop/web, ports: ["80:80"] }\n  jobs: { image: shop/jobs }\n',
      ["web", "jobs"],
    ],
    ["none where there are only databases", "  db: { build: ., image: postgres:18 }\n", []],
  ])("are %s", (_, compose, expected) => {
    expect(likely(compose)).toEqual(expected);
  });

  it("names the likeliest service first where it is not said which get a DSN, and after none was chosen", async () => {
    using folder = new TemporaryFolder();
    folder.write(
      "compose.yaml",
      "services:\n  db: { image: postgres:18 }\n  proxy: { image: caddy }\n  web: { build: . }\n",
    );
    expect((await refusal(run(folder))).remedy).toBe(
      "Add --app web=PROJECT for each of them (services here: web, proxy, db), or --no-apps for none.",
    );
    expect(await run(folder, { noApps: true })).toMatchObject({ afterwards: "npx glitchtip-compose add web" });
  });
});

it("services whose image is a database come last, also from a registry of one's own", () => {
  using folder = new TemporaryFolder();
  const images = {
    cache: "valkey/valkey:8-alpine",
    db: "registry.example.com/library/postgres@sha256:0",
    api: "acme/postgres-api:1",
    queue: "rabbitmq",
    web: "nginx:1",
  };
  const lines = Object.entries(images).map(([name, image]) => `  ${name}: { image: "${image}" }\n`);
  folder.write("compose.yaml", `services:\n${lines.join("")}`);
  expect(surveyFolder(folder.path).services).toEqual(["api", "web", "cache", "db", "queue"]);
});

it("a proxy or a database of an image with another name is not the service that is proposed", async () => {
  using folder = new TemporaryFolder();
  folder.write(
    "compose.yaml",
    `services:
  caddy: { image: mirror.example.com/front }
  postgres: { image: mirror.example.com/pg:18 }
  router: { build: ./router, command: [--providers.docker=true] }
  traefik: { image: mirror.example.com/edge }
  web: { image: mirror.example.com/web }
`,
  );
  expect((await refusal(run(folder))).remedy).toBe(
    "Add --app web=PROJECT for each of them (services here: web, caddy, router, traefik, postgres), or --no-apps for none.",
  );
  expect(surveyFolder(folder.path).likely).toEqual(["web"]);
});
