import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { silentLog } from "../../../../src/base/log.ts";
import { certificateVerdict } from "../../../../src/checks/production/certificate-status.ts";
import { checkProduction, HARDENING_POINTS } from "../../../../src/checks/production/hardening.ts";
import type { HardeningPoint, ProductionFacts } from "../../../../src/checks/production/point.ts";
import type { ComposeConfig, ResolvedService } from "../../../../src/compose/model.ts";
import { initWorkspace } from "../../../../src/init/init.ts";
import { readWorkspace } from "../../../../src/workspace/workspace.ts";
import { container, fakeDocker } from "../../../support/fake-docker.ts";
import { TemporaryFolder, testAssets } from "../../../support/workspace.ts";

const PAGE = readFileSync(join(import.meta.dirname, "../../../../docs/production.md"), "utf8");
const DIGEST = `sha256:${"0".repeat(64)}`;

const hardened: ResolvedService = {
  image: `glitchtip/glitchtip:6@${DIGEST}`,
  restart: "unless-stopped",
  read_only: true,
  cap_drop: ["ALL"],
  security_opt: ["no-new-privileges:true"],
  mem_limit: "536870912",
  cpus: 1,
  logging: { driver: "json-file", options: { "max-size": "10m" } },
};
const WEB: ResolvedService = {
  ...hardened,
  environment: {
    GLITCHTIP_DOMAIN: "https://errors.example.com",
    ENABLE_USER_REGISTRATION: "false",
    ENABLE_ORGANIZATION_CREATION: "false",
    ALLOWED_HOSTS: "errors.example.com,glitchtip",
    CSRF_TRUSTED_ORIGINS: "https://errors.example.com",
  },
};
const NAMES = [
  "glitchtip-setup",
  "glitchtip",
  "glitchtip-worker",
  "glitchtip-db",
  "glitchtip-init",
  "glitchtip-provision",
  "glitchtip-proxy",
];

/** Returns Compose's model of the files, with one service changed. */
function config(name = "", change: Partial<ResolvedService> = {}): ComposeConfig {
  const services = Object.fromEntries(
    NAMES.map((one) => [one, { ...(one === "glitchtip" ? WEB : hardened), ...(one === name ? change : {}) }]),
  );
  return {
    name: "shop",
    services: { ...services, "glitchtip-db": { networks: { "glitchtip-db": null }, ...services["glitchtip-db"] } },
    networks: { "glitchtip-db": { internal: true } },
  };
}

async function projectIn(folder: TemporaryFolder, edit: (text: string) => string = (text) => text) {
  folder.write("compose.yaml", "services:\n  api: { image: a, entrypoint: [node], command: [x] }\n");
  folder.write("mail-url", "smtp://mail.shop.example");
  const options = {
    apps: { api: "shop" },
    email: "ops@shop.example",
    emailUrl: "file:./mail-url",
    domain: "errors.example.com",
  };
  await initWorkspace({ dir: folder.path, log: silentLog, env: {}, assets: testAssets() }, options);
  folder.write("glitchtip.yaml", edit(`${folder.read("glitchtip.yaml")}backup: { schedule: "03:15" }\n`));
  return readWorkspace(folder.path);
}

/** Returns Compose's model with GlitchTip in these networks, and with these apps. */
function meetingOn(
  networks: ComposeConfig["networks"],
  apps: Readonly<Record<string, readonly string[]>>,
): ComposeConfig {
  const joined = (names: readonly string[]) => ({ networks: Object.fromEntries(names.map((name) => [name, null])) });
  const { services, ...rest } = config("glitchtip", joined(Object.keys(networks ?? {})));
  const own = Object.entries(apps).map(([name, names]) => [name, joined(names)] as const);
  return {
    ...rest,
    services: { ...services, ...Object.fromEntries(own) },
    networks: { ...rest.networks, ...networks },
  };
}

const point = (id: string): HardeningPoint => {
  const found = HARDENING_POINTS.find((one) => one.id === id);
  if (found === undefined) throw new Error(`there is no point ${id}`);
  return found;
};

/** Changes of the Compose model, each of which fails exactly one point. */
const WRONG: readonly [string, ComposeConfig, RegExp][] = [
  ["https", config("glitchtip", { environment: { GLITCHTIP_DOMAIN: "http://x" } }), /http:\/\/x/],
  ["registration", config("glitchtip", { environment: { ENABLE_USER_REGISTRATION: "true" } }), /is true/],
  ["organizations", config("glitchtip", { environment: {} }), /not set/],
  ["hosts", config("glitchtip", { environment: { ALLOWED_HOSTS: "*" } }), /any name/],
  ["hosts", config("glitchtip", { environment: { ALLOWED_HOSTS: "errors.example.com" } }), /lacks glitchtip/],
  ["origins", config("glitchtip", { environment: { CSRF_TRUSTED_ORIGINS: "https://*.example.com" } }), /\*/],
  [
    "backup",
    config("glitchtip", { environment: { ...WEB.environment, AWS_STORAGE_BUCKET_NAME: "shop-files" } }),
    /no backup has uploads in shop-files/,
  ],
  ["debug", config("glitchtip", { environment: { DEBUG: "True" } }), /DEBUG is on/],
  ["memory", config("glitchtip-db", { mem_limit: 0 }), /^glitchtip-db has no memory limit$/],
  ["cpus", config("glitchtip-worker", { cpus: 0 }), /^glitchtip-worker has no limit of cores$/],
  ["logs", config("glitchtip", { logging: {} }), /^glitchtip has a log without limit$/],
  ["restart", config("glitchtip-proxy", { restart: "no" }), /^glitchtip-proxy has no restart policy$/],
  ["privileges", config("glitchtip", { privileged: true }), /^glitchtip is privileged$/],
  ["privileges", config("glitchtip-db", { cap_drop: [] }), /^glitchtip-db keeps capabilities$/],
  ["privileges", config("glitchtip-proxy", { cap_add: ["NET_ADMIN"] }), /^glitchtip-proxy adds NET_ADMIN$/],
  ["privileges", config("glitchtip-worker", { security_opt: [] }), /may gain privileges/],
  ["privileges", config("glitchtip-worker", { read_only: false }), /can write to its own files/],
  ["images", config("glitchtip-db", { image: "postgres:18" }), /^glitchtip-db runs postgres:18$/],
  ["ports", config("glitchtip", { ports: [{ target: 8000, published: "8000" }] }), /glitchtip publishes 8000/],
  ["database-network", config("glitchtip-db", { networks: { default: null } }), /default/],
  [
    "app-networks",
    meetingOn({ glitchtip: {} }, { api: ["default", "glitchtip"] }),
    /api: GlitchTip's network glitchtip reaches the outside/,
  ],
];

describe("the hardening table", () => {
  it("is the same in docs/production.md", () => {
    const rows = HARDENING_POINTS.map(({ id, what, how }) => `| \`${id}\` | ${what} | ${how} |`);
    expect(PAGE.match(/^\| `[a-z-]+` \| .* \| .* \|$/gm)?.slice(-rows.length)).toEqual(rows);
    expect(new Set(HARDENING_POINTS.map(({ id }) => id)).size).toBe(HARDENING_POINTS.length);
  });

  it("passes for a setup service that copies referenced secrets: it reads closed files, and Compose writes variables into it", async () => {
    const copies = { cap_add: ["DAC_READ_SEARCH"], read_only: false, secrets: [{ source: "database_url" }] };
    const seen = {
      config: { ...config("glitchtip-setup", copies), secrets: { database_url: { environment: "URL" } } },
    };
    const verdict = (config: ComposeConfig) => point("privileges").check({ config } as ProductionFacts).state;
    expect(verdict(seen.config)).toBe("pass");
    expect(verdict({ ...seen.config, secrets: { database_url: { file: "/url" } } })).toBe("fail");
    expect(verdict(config("glitchtip-worker", copies))).toBe("fail");
  });

  it("passes for a generated stack; a point that cannot be checked is unknown, with what to type", async () => {
    using folder = new TemporaryFolder();
    const docker = fakeDocker({ config: config() });
    const points = await checkProduction(docker, await projectIn(folder), { shell: {}, nowMs: 0 });
    expect(points.filter(({ state }) => state === "fail")).toEqual([]);
    const unknown = points.filter(({ state }) => state === "unknown");
    expect(unknown.map(({ id }) => id)).toEqual([
      "running",
      "applied",
      "memory-kills",
      "queue",
      "certificate",
      "redirect",
      "headers",
      "body-size",
    ]);
    expect(unknown.every(({ remedy }) => remedy === "docker compose up -d --wait")).toBe(true);
  });

  it.each<[string, Record<string, string[]>, "pass" | "fail"]>([
    [
      "share a network of their own",
      { api: ["default", "glitchtip-apps"], web: ["default", "glitchtip-apps"] },
      "pass",
    ],
    ["share GlitchTip's alone", { api: ["default", "glitchtip-apps"], web: ["back", "glitchtip-apps"] }, "fail"],
  ])("app-networks knows apps that %s", async (_, apps, state) => {
    using folder = new TemporaryFolder();
    const workspace = await projectIn(folder, (text) => text.replace(/^( *)api: .*$/m, "$&\n$1web: { project: shop }"));
    const compose = meetingOn({ "glitchtip-apps": { internal: true } }, apps);
    expect(point("app-networks").check({ workspace, shell: {}, config: compose })).toMatchObject({ state });
  });

  it("app-networks knows a network of the user's that GlitchTip joins for a proxy there", async () => {
    using folder = new TemporaryFolder();
    const compose = meetingOn({ edge: {}, "glitchtip-apps": { internal: true } }, { api: ["edge", "glitchtip-apps"] });
    const seen: ProductionFacts = { workspace: await projectIn(folder), shell: {}, config: compose };
    expect(point("app-networks").check(seen)).toMatchObject({ state: "pass" });
  });

  it.each(WRONG)("%s fails where it does not hold", async (id, compose, reason) => {
    using folder = new TemporaryFolder();
    const seen: ProductionFacts = { workspace: await projectIn(folder), shell: {}, config: compose };
    expect(point(id).check(seen)).toMatchObject({ state: "fail", reason: expect.stringMatching(reason) });
    expect(point(id).check({ ...seen, config: config() })).toMatchObject({ state: "pass" });
  });

  it("accepts a port on loopback, which a proxy on the host uses", async () => {
    using folder = new TemporaryFolder();
    const loopback = config("glitchtip", { ports: [{ target: 8000, published: "8000", host_ip: "127.0.0.1" }] });
    const seen: ProductionFacts = { workspace: await projectIn(folder), shell: {}, config: loopback };
    expect(point("ports").check(seen)).toMatchObject({ state: "pass" });
  });

  it.each([
    ["mail", /^mail:.*$/m, "", /printed to the log/],
    ["administrator", /ops@shop\.example/, "admin@example.com", /placeholder/],
    ["retention", / {2}retention:.*\n/, "", /GlitchTip's own default/],
    ["backup", /^backup:.*$/m, "", /by hand only/],
    ["worker", "server:\n", "server:\n  topology: all-in-one\n", /share one process/],
    ["apps", /$/, "onFailure: block\n", /^api does not start without GlitchTip \(ends with 78\)$/],
  ])("%s fails on a declaration that does not say so", async (id, before, after, reason) => {
    using folder = new TemporaryFolder();
    const seen: ProductionFacts = {
      workspace: await projectIn(folder, (text) => text.replace(before, after)),
      shell: {},
    };
    expect(point(id).check(seen)).toMatchObject({ state: "fail", reason: expect.stringMatching(reason) });
  });

  it("the point `applied` names a container that runs with other settings than the files", async () => {
    using folder = new TemporaryFolder();
    const containers = [container("glitchtip", { configHash: "a" }), container("glitchtip-db", { configHash: "b" })];
    const stack = { engine: (await fakeDocker().located()).engine, config: config(), containers };
    const hashes = new Map(Object.entries({ glitchtip: "a", "glitchtip-db": "c" }));
    const seen: ProductionFacts = { workspace: await projectIn(folder), shell: {}, stack, hashes };
    expect(point("applied").check(seen)).toMatchObject({
      state: "fail",
      reason: expect.stringMatching(/^glitchtip-db/),
    });
  });

  it("the point `memory-kills` names a container that runs on after a kill", async () => {
    using folder = new TemporaryFolder();
    const containers = [container("glitchtip-worker", { oomKilled: true }), container("glitchtip")];
    const stack = { engine: (await fakeDocker().located()).engine, config: config(), containers };
    const seen: ProductionFacts = { workspace: await projectIn(folder), shell: {}, stack };
    expect(point("memory-kills").check(seen)).toMatchObject({
      state: "fail",
      reason: "a process of glitchtip-worker was killed for lack of memory",
    });
    expect(point("running").check(seen)).toMatchObject({ state: "pass" });
  });

  it("without production names no proxy, no Compose file to take something out of, and loopback alone", async () => {
    using folder = new TemporaryFolder();
    const workspace = await projectIn(folder, (text) => text.replace(/^production: .*\n/m, ""));
    expect(workspace.declaration.production).toBeUndefined();
    const stack = { engine: (await fakeDocker().located()).engine, config: config(), containers: [] };
    const loopback = [{ target: 8000, published: "8000", host_ip: "127.0.0.1" }];
    const { services, ...rest } = config("glitchtip", { ports: loopback, environment: { ALLOWED_HOSTS: "*" } });
    const { "glitchtip-proxy": _, ...withoutProxy } = services;
    const seen: ProductionFacts = { workspace, shell: {}, stack, config: { ...rest, services: withoutProxy } };
    const remedy = "Declare production: npx glitchtip-compose init --production --domain errors.example.com";
    for (const id of ["https", "hosts", "origins"]) expect(point(id).check(seen)).toMatchObject({ remedy });
    for (const id of ["certificate", "redirect", "headers", "body-size"]) {
      expect(point(id).check(seen)).toEqual({
        state: "unknown",
        reason: "no proxy is declared (no production)",
        remedy,
      });
    }
    expect(point("ports").check(seen)).toMatchObject({ state: "pass", reason: "loopback only" });
  });

  it("generated secrets are rotated, and the user's own are changed where they are used", async () => {
    using folder = new TemporaryFolder();
    const project = await projectIn(folder);
    const made = { glitchtip_secret_key: "change_me", glitchtip_db_password: "postgres" };
    folder.write("mail-url", "smtp://me:changeme@mail.shop.example");
    const { state, remedy = "" } = point("secrets").check({ workspace: project, shell: {}, made });
    expect([state, remedy.split("; ").length]).toEqual(["fail", 3]);
    expect(remedy).toMatch(
      /change the secret of mail\.url where it is used.*; .*secrets rotate db-password; .*secrets rotate secret-key$/,
    );
    folder.write("own", "12345678");
    const text = folder.read("glitchtip.yaml");
    folder.write("glitchtip.yaml", text.replace("email: ops@shop.example", "$&, password: file:./own"));
    const own = readWorkspace(folder.path);
    expect(point("secrets").check({ workspace: own, shell: {} }).remedy).toContain(
      "change the secret of admin.password where it is used",
    );
  });

  it.each([
    ["caddy", "npx glitchtip-compose logs proxy shows why."],
    ["nginx", "Its proxy's log shows why."],
  ] as const)("of a certificate that nobody is shown behind %s says which log to read", async (proxy, remedy) => {
    using folder = new TemporaryFolder();
    const { declaration } = await projectIn(folder);
    const production = declaration.production && { ...declaration.production, proxy };
    expect(certificateVerdict({ known: false, reason: "refused" }, production)).toMatchObject({ remedy });
  });

  it("of a certificate that nobody is shown says that the domain needs a DNS record where its name does not resolve", async () => {
    using folder = new TemporaryFolder();
    const { declaration } = await projectIn(folder);
    const { production } = declaration;
    const reason = `getaddrinfo ENOTFOUND ${production?.domain}`;
    expect(certificateVerdict({ known: false, reason }, production)).toMatchObject({
      remedy: `Add a DNS record for ${production?.domain} that leads to this host.`,
    });
  });
});
