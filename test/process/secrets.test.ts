import { spawn, spawnSync } from "node:child_process";
import { randomBytes, randomInt } from "node:crypto";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { execPath } from "node:process";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Emulator, type FaultEffect, startEmulator } from "../../src/emulator/index.ts";
import { built } from "../support/built.ts";
import { CanarySearch } from "../support/canaries.ts";
import { type FakeEngine, type RecordedProcess, startFakeEngine } from "../support/fake-engine.ts";
import { findProgram } from "../support/shells.ts";
import { VaultDouble } from "../support/vault-double.ts";

const root = mkdtempSync(join(tmpdir(), "secrets-"));
const EMAIL = "admin@example.com";
const NOWHERE = { DOCKER_HOST: "unix:///nonexistent/docker.sock" };

const random = (bytes: number) => randomBytes(bytes).toString("base64url");
/** Made by us in the alphabet that the broker's address takes; the admin's own may hold anything. */
const MADE = {
  admin_password: `${random(12)}+/="'%é\\$&${random(12)}`,
  db_password: random(24),
  secret_key: random(48),
};
/** In the user's own files, which Compose and we both read. */
const USERS = {
  database_url: random(18),
  env_file: random(18),
  digits: String(1e15 + randomInt(1e14)),
};

const search = new CanarySearch();
for (const [name, value] of Object.entries({ ...MADE, ...USERS })) search.add({ name, value });
const allCanaries = () => [...Object.keys({ ...MADE, ...USERS }), "token", "dsn_key"];

/** What was looked at in all, by its kind. */
const counted = { runs: 0, files: 0, processes: 0 };
/** For a second look at the end: some secrets are made by the run that must not show them. */
const said: { readonly what: string; readonly text: string; readonly shows: readonly string[] }[] = [];

let emulator: Emulator;
let engine: FakeEngine;
let shop: Project;

beforeAll(async () => {
  emulator = await startEmulator({
    generation: "5.2",
    superuser: { email: EMAIL, password: MADE.admin_password },
    processingDelayMs: 0,
  });
  shop = makeProject("shop");
  engine = await startFakeEngine({
    root: join(root, "engine"),
    project: "shop",
    apps: ["api", "worker"],
    dsnDir: shop.dsn,
    provisioner: environmentOf(shop),
    config: configWithSecrets,
  });
});
afterAll(async () => {
  await engine[Symbol.asyncDispose]();
  await emulator.close();
  rmSync(root, { recursive: true, force: true });
});

const COMPOSE = `services:
  api:
    image: own/api
    entrypoint: ["node"]
    command: ["server.js"]
    environment:
      DATABASE_URL: postgres://shop:${USERS.database_url}@db/shop
      OTHER: \${OTHER_SECRET}
  worker:
    image: own/api
    entrypoint: ["node"]
    command: ["worker.js"]
`;

/** As Compose answers: with every variable filled in. */
const configWithSecrets = {
  name: "shop",
  services: {
    worker: { image: "own/api", entrypoint: ["node"], command: ["worker.js"] },
    api: {
      image: "own/api",
      entrypoint: ["node"],
      command: ["server.js"],
      networks: { glitchtip: null },
      environment: { DATABASE_URL: `postgres://shop:${USERS.database_url}@db/shop`, OTHER: USERS.env_file },
    },
    glitchtip: { image: "glitchtip/glitchtip:6", networks: { glitchtip: null } },
    "glitchtip-db": { image: "postgres" },
    "glitchtip-init": { image: "glitchtip/glitchtip:6" },
    "glitchtip-provision": { image: "node:24-slim" },
  },
  volumes: { "glitchtip-db": { name: "shop_glitchtip-db" } },
};

interface Project {
  readonly dir: string;
  readonly state: string;
  readonly dsn: string;
}

/** A user's folder with services of its own, and the secrets that an earlier init made. */
function makeProject(name: string): Project {
  const dir = join(root, name);
  const secrets = join(dir, ".glitchtip", "secrets");
  mkdirSync(secrets, { recursive: true, mode: 0o700 });
  for (const [file, value] of Object.entries(MADE)) writeFileSync(join(secrets, file), value, { mode: 0o444 });
  writeFileSync(join(dir, "compose.yaml"), COMPOSE);
  writeFileSync(join(dir, ".env"), `OTHER_SECRET=${USERS.env_file}\n`);
  const project = { dir, state: join(root, `${name}-state`), dsn: join(root, `${name}-dsn`) };
  for (const folder of [project.state, project.dsn]) mkdirSync(folder);
  return project;
}

const environmentOf = ({ dir, state, dsn }: Project, url = emulator.url) => ({
  GLITCHTIP_URL: url,
  GLITCHTIP_STATE_DIR: state,
  GLITCHTIP_DSN_DIR: dsn,
  GLITCHTIP_PROVISION_FILE: join(dir, ".glitchtip", "provision.json"),
  GLITCHTIP_DECLARATION_FILE: join(dir, "glitchtip.yaml"),
  GLITCHTIP_ADMIN_PASSWORD_FILE: join(dir, ".glitchtip", "secrets", "admin_password"),
  GLITCHTIP_READY_WITHIN_SECONDS: "2",
  GLITCHTIP_PROOF_WITHIN_SECONDS: "2",
});

/** What the provisioner has made by now; what was said before is looked at again at the end. */
function learnSecrets({ state }: Project): void {
  const text = readFileSync(join(state, "state.json"), "utf8");
  for (const [value] of text.matchAll(/\b[0-9a-f]{64}\b/g)) search.add({ name: "token", value });
  for (const [value] of text.matchAll(/\b[0-9a-f]{8}(-?[0-9a-f]{4}){3}-?[0-9a-f]{12}\b/g))
    search.add({ name: "dsn_key", value });
}

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

interface Run {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: string;
  /** How it has to end. */
  readonly code?: number;
  /** Canaries that this output shows on purpose. */
  readonly shows?: readonly string[];
  /** Ends it by TERM once it has said this. */
  readonly until?: RegExp;
}

/** Runs one of our programs, and looks at everything it says. */
async function run(bundle: "cli" | "provisioner", args: readonly string[], options: Run = {}): Promise<Ended> {
  const child = spawn(execPath, [built(`${bundle}.mjs`), ...args], {
    cwd: options.cwd ?? root,
    env: { PATH: process.env.PATH, HOME: root, TMPDIR: root, ...engine.env, ...options.env },
  });
  child.stdin.on("error", () => {}).end(options.stdin ?? "");
  let [stdout, stderr] = ["", ""];
  // Once: a second one would end it without its own last words.
  const stopWhenSaid = () => !child.killed && options.until?.test(stdout + stderr) && child.kill("SIGTERM");
  child.stdout.on("data", (chunk) => {
    stdout += chunk;
    stopWhenSaid();
  });
  child.stderr.on("data", (chunk) => {
    stderr += chunk;
    stopWhenSaid();
  });
  const code = await new Promise<number | null>((end) => child.once("close", end));
  counted.runs++;
  const { shows = [] } = options;
  const one = { what: `${bundle} ${args.join(" ")} (exit ${code})`, text: stdout + stderr, shows };
  said.push(one);
  expect(search.find(one.text, shows), one.what).toEqual([]);
  if (options.code !== undefined) expect(code, `${one.what}: …${one.text.slice(-500)}`).toBe(options.code);
  return { code, stdout, stderr };
}

const VARIANTS = [[], ["--json"], ["--debug"], ["--json", "--debug"]] as const;
const TWO_VARIANTS = [[], ["--json", "--debug"]] as const;

/** Every variant at the same time; each has to end like this. */
async function everyVariant(
  code: number,
  args: readonly string[],
  options: Run = {},
  variants = VARIANTS as readonly (readonly string[])[],
) {
  const ended = await Promise.all(variants.map((flags) => run("cli", [...args, ...flags], { ...options, code })));
  for (const [i, { stdout, stderr }] of ended.entries()) {
    expect(stdout + stderr).not.toBe("");
    if (variants[i]?.includes("--json") && stdout !== "") JSON.parse(stdout);
  }
  return ended;
}

const INIT = ["init", "--app", "api=shop-api", "--yes"];

/** Only these may hold secrets, and only these. */
function allowedIn(path: string): string[] {
  const [, secret] = /\.glitchtip\/secrets\/(\w+)$/.exec(path) ?? [];
  if (secret !== undefined) return [secret.startsWith("vault_") ? "admin_password" : secret];
  if (/\.glitchtip\/secrets\/server\/[\w-]+$/.test(path)) return ["db_password"];
  if (/state\/(apply\/)?state\.json$/.test(path)) return ["token", "dsn_key"];
  if (/dsn\/\w+\.env$|\.glitchtip\/env\/\w+\.env$/.test(path)) return ["dsn_key"];
  if (/\/compose\.yaml$/.test(path)) return ["database_url"];
  if (/\/\.env$/.test(path)) return ["env_file"];
  if (/in-the-declaration\/glitchtip\.yaml$/.test(path)) return ["admin_password", "digits"];
  return [];
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => !path.startsWith(join(root, "engine")));
}

function expectOnlyAllowedFiles(folder: string): void {
  const leaks = filesBelow(folder).flatMap((path) => {
    counted.files++;
    const found = search.find(
      `${path}\n${readFileSync(path, "latin1")}\n${readFileSync(path, "utf8")}`,
      allowedIn(path),
    );
    return found.length === 0 ? [] : [`${relative(root, path)}: ${found}`];
  });
  expect(leaks).toEqual([]);
}

const mode = (path: string) => (statSync(path).mode & 0o777).toString(8);

describe("the search itself", () => {
  it("finds each secret in every form in which it might get out, also cut or in the middle of something", () => {
    const own = new CanarySearch();
    for (const [name, value] of Object.entries(MADE)) own.add({ name, value });
    own.add({ name: "dsn_key", value: "0f8fad5b-d9cb-469f-a165-70867728950e" });
    for (const [name, value] of Object.entries(MADE)) {
      for (const text of [
        `password=${value}`,
        JSON.stringify({ error: { message: value } }),
        `https://x/?p=${encodeURIComponent(value)}`,
        `Basic ${Buffer.from(`admin:${value}`).toString("base64")}`,
        `Basic ${Buffer.from(`admin1:${value}`).toString("base64url")}`,
        Buffer.from(value).toString("hex"),
        `${value.slice(0, 14)}…`,
        `…${value.slice(-14)}`,
        value.toUpperCase(),
      ]) {
        expect({ text, found: own.find(text) }).toEqual({ text, found: [name] });
      }
    }
    expect(own.find("http://0f8fad5bd9cb469fa16570867728950e@glitchtip:8000/1")).toEqual(["dsn_key"]);
    expect(own.find("id 0F8FAD5B-D9CB-469F-A165-70867728950E")).toEqual(["dsn_key"]);
    expect(own.find("nothing of it")).toEqual([]);
    expect(own.find(MADE.db_password, ["db_password"])).toEqual([]);
  });

  it("sees what a process was started with", async () => {
    const env = { ...engine.env, LEAK: MADE.secret_key };
    spawnSync("docker", ["compose", "version", MADE.db_password], { env });
    spawnSync(execPath, ["-e", "0", MADE.admin_password], { env: engine.env });
    const seen = engine
      .processes()
      .map(({ argv, env: given }) => search.find([...argv, ...Object.values(given)].join("\n")));
    expect(seen.flat().sort()).toEqual(["admin_password", "db_password", "secret_key"]);
    for (const file of readdirSync(join(root, "engine", "records"))) rmSync(join(root, "engine", "records", file));
  });
});

describe("init", () => {
  it("shows no secret, whatever it is told and however it ends", async () => {
    const [, ...others] = await Promise.all(
      VARIANTS.map(async (flags, i) => {
        const { dir } = makeProject(`init-${i}`);
        for (const args of [[...INIT, "--dry-run"], INIT, ["init"]]) {
          await run("cli", [...args, ...flags], { cwd: dir, code: 0 });
        }
        return dir;
      }),
    );
    expect(others).toHaveLength(3);
    await run("cli", INIT, { cwd: shop.dir, code: 0 });
  });

  it.each([
    ["an option that contradicts the declaration", ["--email", "other@example.com"], () => {}, 2],
    ["a wrong flag", ["--port", "x"], () => {}, 2],
    ["a secret that is empty", [], (dir: string) => empty(join(dir, ".glitchtip/secrets/db_password")), 1],
    ["a managed file that was edited", [], editManaged, 1],
    ["a port in .env that is none", [], (dir: string) => append(join(dir, ".env"), "GLITCHTIP_PORT=x\n"), 1],
    ["a Compose file that is broken", [], (dir: string) => append(join(dir, "compose.yaml"), "  : :\n -"), 1],
    ["a declaration that is broken", [], (dir: string) => append(join(dir, "glitchtip.yaml"), "admin: {\n"), 2],
    ["a folder in place of a file", [], (dir: string) => replaceByFolder(join(dir, "compose.glitchtip.yaml")), 1],
    [
      "a password of digits in the declaration",
      [],
      (dir: string) => edit(dir, "email:", `password: ${USERS.digits}, email:`),
      2,
    ],
    [
      "a password in the declaration",
      [],
      (dir: string) => edit(dir, "email:", `password: ${MADE.admin_password.replace(/\W/g, "")}, email:`),
      2,
    ],
  ] as const)("says no secret about %s", async (what, flags, break_, code) => {
    const { dir } = makeProject(`broken-${what.replaceAll(" ", "-")}`);
    await run("cli", INIT, { cwd: dir, code: 0 });
    break_(dir);
    await everyVariant(code, ["init", ...flags], { cwd: dir }, TWO_VARIANTS);
  });

  it("and plan, render and eject show how files differ, and no secret that stands beside the lines", async () => {
    const { dir } = makeProject("differences");
    await run("cli", INIT, { cwd: dir, code: 0 });
    writeAnew(join(dir, ".env"), `OTHER_SECRET=${USERS.env_file}\nCOMPOSE_FILE=compose.yaml\nLAST=${USERS.env_file}`);
    append(join(dir, "glitchtip.yaml"), "onFailure: start-without-reporting\n");
    const [plan] = await everyVariant(3, ["plan"], { cwd: dir });
    expect(plan?.stdout).toContain("+COMPOSE_FILE=compose.yaml:compose.glitchtip.yaml");
    for (const words of [
      ["render", "--dry-run"],
      ["render", "--check"],
    ])
      await everyVariant(3, words, { cwd: dir }, TWO_VARIANTS);
    expect((await run("cli", ["render"], { cwd: dir, code: 0 })).stdout).toContain("start-without-reporting");
    await everyVariant(0, ["plan"], { cwd: dir }, TWO_VARIANTS);
    for (const words of [["eject", "--dry-run"], ["eject"], ["render", "--adopt", "compose.glitchtip.yaml"]])
      await everyVariant(0, words, { cwd: dir }, [[]]);
    expectOnlyAllowedFiles(dir);
  });

  it("takes the admin's password from a variable without showing or writing it", async () => {
    const { dir } = makeProject("by-variable");
    rmSync(join(dir, ".glitchtip/secrets/admin_password"));
    await run("cli", INIT, { cwd: dir, code: 0 });
    rmSync(join(dir, ".glitchtip/secrets/admin_password"));
    edit(dir, "email:", "password: env:ADMIN_PASSWORD, email:");
    const env = { ADMIN_PASSWORD: MADE.admin_password };
    await everyVariant(0, ["init"], { cwd: dir, env }, TWO_VARIANTS);
    await everyVariant(1, ["init"], { cwd: dir }, TWO_VARIANTS);
    expectOnlyAllowedFiles(dir);
  });
});

describe("the provisioner", () => {
  it("shows no secret when all goes well, nor when it reads events back", async () => {
    await run("provisioner", [], { code: 0 });
    learnSecrets(shop);
    expect(search.find(readFileSync(join(shop.dsn, "api.env"), "utf8"))).toEqual(["dsn_key"]);
    await run("provisioner", [], { code: 0 });
    rmSync(join(shop.state, "state.json"));
    expect((await run("provisioner", [])).stderr).toContain("found API token");
    const events = [{ app: "api", eventId: "0".repeat(32), mark: "x" }];
    const stdin = JSON.stringify({ withinMs: 200, events });
    await run("provisioner", ["read-back"], { stdin, code: 1 });
    await run("provisioner", ["read-back"], { stdin: "{", code: 1 });
    // The old key is what is asked for here, by the command line, which looks for it.
    const shows = ["dsn_key"];
    await run("provisioner", ["rotate"], { stdin: '{"verb":"show"}', shows, code: 0 });
    await run("provisioner", ["rotate"], { stdin: '{"verb":"nonsense"}', code: 1 });
  });

  const faults: Readonly<Record<string, { path?: RegExp; effect: FaultEffect }>> = {
    "HTML instead of the API": { effect: { kind: "html" } },
    "a server that fails": { effect: { kind: "answer", status: 500 } },
    "a redirect": { effect: { kind: "redirect" } },
    "a connection that is reset": { effect: { kind: "reset" } },
    "an answer that is cut": { effect: { kind: "truncate" } },
    "a server that asks to wait": { path: /api\/0/, effect: { kind: "rate-limit", retryAfter: 3600 } },
    "a permission that is missing": {
      path: /api\/0/,
      effect: { kind: "answer", status: 403, body: { detail: "Permission denied" } },
    },
    "a refused key": { path: /envelope/, effect: { kind: "answer", status: 403, body: { detail: "Denied" } } },
    "a throttled key": { path: /envelope/, effect: { kind: "rate-limit" } },
    "a sign-in that fails": { path: /allauth/, effect: { kind: "answer", status: 500, body: { detail: "Oops" } } },
    "a sign-in behind another page": {
      path: /allauth/,
      effect: { kind: "answer", status: 403, body: "<title>403 Forbidden</title>" },
    },
  };

  it.each(Object.entries(faults))(
    "says no secret about %s, with its memory and without",
    async (_name, { path, effect }) => {
      const fresh = makeProject(`fault-${random(4)}`);
      await run("cli", INIT, { cwd: fresh.dir, code: 0 });
      emulator.fault({ ...(path === undefined ? {} : { path }), times: Number.POSITIVE_INFINITY, effect });
      // A refused key may be good again after half a minute; nobody waits for that here.
      const until = /trying again in/;
      try {
        await Promise.all([
          run("provisioner", [], { until }),
          run("provisioner", [], { env: environmentOf(fresh), until }),
          run("provisioner", ["read-back"], { stdin: JSON.stringify({ withinMs: 100, events: [] }) }),
        ]);
      } finally {
        emulator.clearFaults();
      }
      for (const folder of [fresh.state, fresh.dsn, shop.dsn]) expectOnlyAllowedFiles(folder);
    },
  );

  it.each([
    [
      "a wrong password",
      (p: Project) => writeAnew(join(p.dir, ".glitchtip/secrets/admin_password"), "not the one"),
      {},
    ],
    ["a password that is not there", (p: Project) => rmSync(join(p.dir, ".glitchtip/secrets/admin_password")), {}],
    ["nothing that listens", () => {}, { GLITCHTIP_URL: "http://127.0.0.1:9" }],
    ["a name that does not resolve", () => {}, { GLITCHTIP_URL: "http://glitchtip.invalid" }],
    ["a state folder that cannot be written", (p: Project) => replaceByFile(p.state), {}],
    ["a DSN folder that cannot be written", (p: Project) => replaceByFile(p.dsn), {}],
    ["an input file that is broken", (p: Project) => append(join(p.dir, ".glitchtip/provision.json"), "}"), {}],
    ["a memory that was cut", (p: Project) => writeFileSync(join(p.state, "state.json"), '{"version":1,"tok'), {}],
  ] as const)("says no secret about %s", async (what, break_, env) => {
    const project = makeProject(`bad-${what.replaceAll(" ", "-")}`);
    await run("cli", INIT, { cwd: project.dir, code: 0 });
    break_(project);
    const { code, stderr } = await run("provisioner", [], { env: { ...environmentOf(project), ...env } });
    if (!what.startsWith("a memory"))
      expect([code, stderr]).toEqual([expect.any(Number), expect.stringContaining("error GC")]);
    await run("provisioner", [], { env: { ...environmentOf(project), ...env } });
  });
});

describe("the commands on a running stack", () => {
  const COMMANDS = [
    ["add", "worker", "--project", "jobs", "--dry-run"],
    ["remove", "api", "--dry-run"],
    ["plan"],
    ["apply"],
    ["apply", "--yes"],
    ["pull", "--all", "--dry-run"],
    ["alert", "test", "errors", "--project", "shop-api"],
    ["render", "--dry-run"],
    ["eject", "--dry-run"],
    ["up"],
    ["verify"],
    ["status"],
    ["doctor"],
    ["check", "--production"],
    ["logs", "--errors"],
    ["shell", "api", "true"],
    ["psql", "-c", "select 1"],
    ["redis-cli", "ping"],
    ["manage", "check"],
    ["migrate"],
    ["restart", "--dry-run"],
    ["user", "list"],
    ["user", "password", EMAIL, "--password-file", ".glitchtip/secrets/admin_password"],
    ["organization", "list"],
    ["secrets", "list"],
    ["secrets", "rotate", "db-password", "--dry-run"],
    ["export", "configuration"],
    ["build"],
    ["push", "--to", "registry.example.com/x", "--dry-run"],
    ["package", "create", "--dry-run"],
    ["clean", "--dry-run"],
    ["mail", "test"],
    ["notify", "test"],
    ["care", "run"],
    ["care", "restart"],
    ["load", "--events", "2"],
    ["size", "--events-per-day", "5000"],
    ["lock"],
    ["rotate", "--silent-for", "1s", "--yes"],
    ["rotate", "--dry-run"],
    ["rotate", "--abort", "--yes"],
    ["provision", "--check"],
    ["backup", "create", "--include-secrets", "--passphrase-file", ".glitchtip/secrets/secret_key"],
    ["backup", "list"],
    ["restore", "latest", "--dry-run"],
    ["upgrade", "--check"],
    ["upgrade", "--to", "6", "--dry-run"],
    ["upgrade", "--to", "6", "--no-pull", "--yes"],
    ["rollback", "--yes-rollback", "shop"],
    ["down", "--volumes", "--yes"],
    ["down", "--dry-run"],
    ["compose", "--project-name=shop", "up", "glitchtip"],
    ["compose", "--project-name=shop", "down", "glitchtip"],
  ];

  it("show no secret when all goes well", async () => {
    const cwd = shop.dir;
    // `status` tells of the faults before, and of an app that is older than its DSN: this engine's are as old as the
    // first look at it.
    await run("provisioner", [], { code: 0 });
    spawnSync("docker", ["compose", "--project-name", "shop", "restart", "api"], { env: engine.env });
    const [first] = await everyVariant(0, ["verify"], { cwd });
    expect(first?.stdout).toMatch(/api +shop-api/);
    for (const args of [["status"], ["down", "--dry-run"], ["down", "--volumes", "--yes"]])
      await everyVariant(0, args, { cwd });
    for (const flags of VARIANTS) await run("cli", ["doctor", ...flags], { cwd });
    for (const args of [
      ["--help"],
      ["verify", "--help"],
      ["nonsense"],
      ["verify", "--nonsense"],
      ["verify", "nobody"],
    ]) {
      await run("cli", args, { cwd });
    }
  });

  it("rotate shows neither the old key nor the new one, forth and back", async () => {
    const cwd = shop.dir;
    await everyVariant(0, ["rotate", "--dry-run"], { cwd });
    for (const args of [["--keep-old"], ["--silent-for", "1s", "--yes"], ["--abort", "--yes"]]) {
      for (const flags of TWO_VARIANTS) {
        await run("cli", ["rotate", ...args, ...flags], { cwd, code: 0 });
        learnSecrets(shop);
      }
    }
  });

  it("verify shows no secret where it sends an event by itself, as for an app that is reached from the host", async () => {
    const cwd = shop.dir;
    await run("cli", ["add", "worker", "--project", "shop-api", "--audience", "host"], { cwd, code: 0 });
    await run("provisioner", [], { code: 0 });
    await everyVariant(0, ["verify", "worker"], { cwd }, TWO_VARIANTS);
    for (const kind of ["reset", "truncate", "html"] as const) {
      emulator.fault({ path: /envelope|events/, times: Number.POSITIVE_INFINITY, effect: { kind } });
      await run("cli", ["verify", "worker", "--debug"], { cwd }).finally(() => emulator.clearFaults());
    }
    await run("cli", ["remove", "worker"], { cwd, code: 0 });
    await run("provisioner", [], { code: 0 });
  });

  it("up shows no secret, and writes the one file that an app asks for where only its owner can read it", async () => {
    const cwd = shop.dir;
    await everyVariant(0, ["up"], { cwd });
    await run("cli", ["add", "worker", "--project", "shop-api", "--variables", "SENTRY_DSN"], { cwd, code: 0 });
    edit(cwd, "project: shop-api, variables:", "project: shop-api, inject: env-file, variables:");
    await run("cli", ["init"], { cwd, code: 0 });
    await run("provisioner", [], { code: 0 });
    await everyVariant(0, ["up"], { cwd }, TWO_VARIANTS);
    const file = join(cwd, ".glitchtip", "env", "worker.env");
    expect(search.find(readFileSync(file, "utf8"))).toEqual(["dsn_key"]);
    expect([mode(dirname(file)), mode(file)]).toEqual(["700", "600"]);
  });

  it.each<readonly [string, number, () => Run]>([
    ["without an engine", 0, () => ({ cwd: shop.dir, env: NOWHERE })],
    ["without docker", 1, () => ({ cwd: shop.dir, env: { ...NOWHERE, PATH: "/nonexistent" } })],
    [
      "with a docker that fails",
      2,
      () => ({ cwd: shop.dir, env: { FAKE_DOCKER_FAILS: "no configuration file provided" } }),
    ],
    ["in another folder", 3, () => ({ cwd: root })],
  ])("show no secret %s", async (_what, at, options) => {
    await Promise.all(
      COMMANDS.map(async (args, i) => {
        const flags = VARIANTS[(i + at) % 4] ?? [];
        const { code, stdout, stderr } = await run("cli", [...args, ...flags], options());
        // Compose's call for `down` always ends well, and has nothing to say.
        if (args[0] === "compose" && args[2] === "down") return;
        expect({ args, code, said: stdout + stderr }).not.toMatchObject({ code: 0, said: "" });
      }),
    );
  });

  it("show no secret with an engine that answers nonsense", async () => {
    engine.broken = true;
    await Promise.all(COMMANDS.map((args) => run("cli", [...args, "--debug"], { cwd: shop.dir }))).finally(() => {
      engine.broken = false;
    });
  });

  it.each([
    ["refused", { kind: "answer", status: 403, body: { detail: "Denied" } }],
    ["answered by a page", { kind: "html" }],
    ["failed", { kind: "answer", status: 500 }],
    ["reset", { kind: "reset" }],
  ] as const)("verify shows no secret when the event is %s", async (_what, effect) => {
    emulator.fault({ path: /envelope|events|issues/, times: Number.POSITIVE_INFINITY, effect });
    await everyVariant(1, ["verify"], { cwd: shop.dir }, effect.kind === "html" ? [[]] : TWO_VARIANTS).finally(() =>
      emulator.clearFaults(),
    );
  });

  it("verify shows nothing of a DSN file that holds something else", async () => {
    const file = join(shop.dsn, "api.env");
    const good = readFileSync(file, "utf8");
    for (const bad of [good.replace("export", "exprt"), good.replace("http", "htp"), good.replace("@", "%"), ""]) {
      writeAnew(file, bad);
      await everyVariant(1, ["verify"], { cwd: shop.dir }, TWO_VARIANTS);
    }
    writeAnew(file, good);
  });
});

describe("demo and emulate", () => {
  it("demo shows its password where a person is to use it, never as data, and takes everything away", async () => {
    const before = readdirSync(root);
    const ended = await Promise.all(
      VARIANTS.map((flags) =>
        run("cli", ["demo", "--no-containers", ...flags], {
          shows: flags.some((flag) => flag === "--json") ? [] : ["demo_password"],
          env: { NODE_OPTIONS: `${engine.env.NODE_OPTIONS} --require=${keeper()}` },
        }),
      ),
    );
    const kept = keptSecrets();
    expect(kept.length).toBe(VARIANTS.length);
    for (const [i, { code, stdout, stderr }] of ended.entries()) {
      expect([code, stderr]).toEqual([0, expect.any(String)]);
      const shown = VARIANTS[i]?.some((flag) => flag === "--json") ? 0 : 1;
      const own = kept.map(({ password, rest }) => ({
        password: `${stdout}${stderr}`.split(password).length - 1,
        rest: rest.filter((secret) => `${stdout}${stderr}`.includes(secret)),
      }));
      expect(own.reduce((sum, { password }) => sum + password, 0)).toBe(shown);
      expect(own.flatMap(({ rest }) => rest)).toEqual([]);
    }
    for (const { password, rest } of kept) {
      search.add({ name: "demo_password", value: password });
      for (const value of rest) search.add({ name: "demo", value });
    }
    expect(
      readdirSync(root).filter((name) => !before.includes(name) && name !== "kept" && name !== "keep.cjs"),
    ).toEqual([]);
  });

  it("demo shows no secret where it is stopped or cannot do its part", async () => {
    for (const flags of TWO_VARIANTS) {
      const until = /sent an event/;
      expect((await run("cli", ["demo", "--no-containers", ...flags], { until })).code).toBe(130);
      await run("cli", ["demo", "--no-containers", ...flags], { env: { TMPDIR: "/nonexistent" } });
    }
  });

  it("init, doctor and up show nothing of a password that Vault has, nor of what opens it", async () => {
    await using vault = new VaultDouble();
    const { dir } = makeProject("vaulted");
    const env = { VAULT_ADDR: await vault.listen(), ROLE: random(12), SECRET: random(24) };
    search.add({ name: "vault_secret_id", value: env.SECRET });
    vault.roles.set(`approle/${env.ROLE}`, { secret: env.SECRET, policy: ["secret/"] });
    vault.v2.set("secret/glitchtip", [{ admin: MADE.admin_password, other: random(24) }]);
    await everyVariant(0, INIT, { cwd: dir });
    edit(dir, "email:", "password: vault:secret/glitchtip#admin, email:");
    const text = readFileSync(join(dir, "glitchtip.yaml"), "utf8");
    writeFileSync(
      join(dir, "glitchtip.yaml"),
      `${text}vault: { appRole: { roleId: env:ROLE, secretId: env:SECRET } }\n`,
    );
    await everyVariant(0, ["init"], { cwd: dir, env }, TWO_VARIANTS);
    for (const { token = "" } of vault.requests) if (token !== "") search.add({ name: "vault_token", value: token });
    const copies = readdirSync(join(dir, ".glitchtip", "secrets")).filter((name) => name.startsWith("vault_"));
    expect(copies.map((name) => readFileSync(join(dir, ".glitchtip", "secrets", name), "utf8"))).toEqual([
      MADE.admin_password,
    ]);
    edit(dir, "#admin", "#admn");
    await everyVariant(1, ["init"], { cwd: dir, env }, TWO_VARIANTS);
    await everyVariant(1, ["doctor"], { cwd: dir, env: { ...env, SECRET: "wrong" } }, TWO_VARIANTS);
    await everyVariant(1, ["up"], { cwd: dir, env: { ...env, ...NOWHERE } }, TWO_VARIANTS);
    expectOnlyAllowedFiles(dir);
  });

  it("import shows and writes no sensitive value of a Terraform state, whether it can take it or not", async () => {
    const dir = mkdtempSync(join(root, "import-"));
    const url = `https://hooks.example.com/${MADE.db_password}`;
    const sensitive = [[{ type: "get_attr", value: "alert_recipients" }]];
    const attributes = { organization: "acme", project: "shop", name: "a", quantity: 1, timespan_minutes: 1 };
    const alert = { ...attributes, alert_recipients: [{ recipient_type: "webhook", url }] };
    const instances = [{ attributes: alert, sensitive_attributes: sensitive }];
    const resources = [{ mode: "managed", type: "glitchtip_project_alert", name: "a", instances }];
    const state = JSON.stringify({ version: 4, resources });
    for (const [text, code] of [
      [state, 0],
      [`${state}}`, 2],
      [JSON.stringify({ version: 3, url }), 2],
    ] as const) {
      await everyVariant(code, ["import", "terraform", "-", "--url", "http://127.0.0.1:1"], {
        cwd: dir,
        stdin: text,
      });
    }
    expect(readFileSync(join(dir, "glitchtip.yaml"), "utf8")).toContain("env:GLITCHTIP_SHOP_A_WEBHOOK_URL");
    expectOnlyAllowedFiles(dir);
  });

  it("plan, apply, pull and alert show no secret of a server's inside: token, addresses that are posted to", async () => {
    const dir = mkdtempSync(join(root, "inside-"));
    const [token, hook] = [emulator.mintToken(), `https://hooks.example.com/${MADE.db_password}`];
    search.add({ name: "inside_token", value: token });
    const lines = ["version: 1", `server: {url: "${emulator.url}", token: "file:token"}`, "organization: Inside"];
    const recipients = 'recipients: [{type: email}, {type: webhook, url: "file:hook"}]';
    const alert = (quantity: number) => `{name: errors, quantity: ${quantity}, timespanMinutes: 1, ${recipients}}`;
    const declare = (alerts: string) =>
      writeFileSync(join(dir, "glitchtip.yaml"), [...lines, `projects: {shop: {alerts: [${alerts}]}}`, ""].join("\n"));
    const options = { cwd: dir };
    writeFileSync(join(dir, "token"), token);
    writeFileSync(join(dir, "hook"), hook);
    declare(alert(1));
    await everyVariant(3, ["plan", "--out", "next.plan"], options);
    await everyVariant(2, ["apply"], options);
    await run("cli", ["apply", "--plan", "next.plan", "--debug"], { ...options, code: 0 });
    declare(alert(2));
    await everyVariant(1, ["apply", "--plan", "next.plan"], options, TWO_VARIANTS);
    for (const kind of ["reset", "truncate", "html"] as const) {
      emulator.fault({ method: "PUT", path: /alerts/, times: Number.POSITIVE_INFINITY, effect: { kind } });
      await run("cli", ["apply", "--yes", "--debug"], options).finally(() => emulator.clearFaults());
    }
    writeFileSync(join(dir, "token"), MADE.secret_key);
    await run("cli", ["plan"], { ...options, code: 1 });
    writeFileSync(join(dir, "token"), token);
    declare("");
    await everyVariant(3, ["pull", "--all", "--dry-run"], options, TWO_VARIANTS);
    await everyVariant(0, ["pull"], options);
    await everyVariant(0, ["plan"], options);
    for (const flags of TWO_VARIANTS)
      await run("cli", ["alert", "test", "errors", "--project", "shop", ...flags], options);
    expect(readFileSync(join(dir, "glitchtip.yaml"), "utf8")).toContain("file:.glitchtip/secrets/server/");
    for (const name of ["token", "hook"]) rmSync(join(dir, name));
    expectOnlyAllowedFiles(dir);
  });

  it("emulate shows no password that it was given", async () => {
    const file = join(root, "password.txt");
    writeFileSync(file, `${MADE.admin_password}\n`);
    for (const flags of VARIANTS) {
      const { stdout } = await run("cli", ["emulate", "--password-file", file, ...flags], { until: /Ctrl-C ends it/ });
      expect(stdout).toContain("http://127.0.0.1:");
    }
    await run("cli", ["emulate", "--password-file", join(root, "nothing")]);
    await run("cli", ["emulate", "--password-file", file, "--port", "x"]);
    rmSync(file);
  });
});

describe("afterwards", () => {
  it("secrets are in the few files that are meant for them, and those are closed", () => {
    expectOnlyAllowedFiles(root);
    const secrets = join(shop.dir, ".glitchtip", "secrets");
    expect(mode(secrets)).toBe("700");
    expect(Object.keys(MADE).map((name) => mode(join(secrets, name)))).toEqual(["444", "444", "444"]);
    expect(mode(join(shop.state, "state.json"))).toBe("600");
    const handedOut = readdirSync(shop.dsn);
    expect(handedOut).toEqual(expect.arrayContaining(["api.env", "status.json"]));
    expect(handedOut.map((name) => mode(join(shop.dsn, name)))).toEqual(handedOut.map(() => "444"));
  });

  it("secrets that init makes itself have the same modes, whatever the umask", async () => {
    const dir = join(root, "made");
    mkdirSync(dir);
    const umask = process.umask(0o077);
    const { code } = await run("cli", ["init", "--yes"], { cwd: dir }).finally(() => process.umask(umask));
    expect(code).toBe(0);
    const secrets = join(dir, ".glitchtip", "secrets");
    expect([secrets, ...readdirSync(secrets).map((name) => join(secrets, name))].map(mode)).toEqual([
      "700",
      "444",
      "444",
      "444",
    ]);
    for (const name of readdirSync(secrets)) expect(readFileSync(join(secrets, name), "utf8")).toMatch(/^[\w-]{24,}$/);
  });

  it.skipIf(findProgram("git") === undefined)("git would commit none of them", () => {
    const git = (...args: string[]) => spawnSync("git", ["-C", shop.dir, ...args], { encoding: "utf8" });
    git("init", "--quiet");
    git("add", "--all");
    const committed = git("ls-files").stdout.trim().split("\n");
    expect(committed).toEqual(
      expect.arrayContaining([".glitchtip/manifest.json", "compose.glitchtip.yaml", "glitchtip.yaml"]),
    );
    const ours = committed.filter((path) => path !== "compose.yaml" && path !== ".env");
    expect(ours.flatMap((path) => search.find(readFileSync(join(shop.dir, path), "utf8")))).toEqual([]);
  });

  it("no process was started with a secret in its arguments, nor in its environment but for the app's own DSN", () => {
    const processes = engine.processes();
    counted.processes = processes.length;
    const programs = new Set(processes.map(({ argv }) => (argv[0] ?? "").split("/").at(-1)));
    expect([...programs].sort()).toEqual(["docker", "node", "sh"]);
    const leaks = processes.flatMap(({ argv, env }) => {
      const inArguments = search.find(argv.join("\n"));
      const inEnvironment = search.find(Object.values(env).join("\n"), environmentMayHold({ argv, env }));
      return [...inArguments, ...inEnvironment].map((name) => `${argv.slice(0, 4).join(" ")}: ${name}`);
    });
    expect(leaks).toEqual([]);
  });

  it("nothing that was said holds a secret that became known only later", () => {
    expect(said.flatMap(({ what, text, shows }) => search.find(text, shows).map((name) => `${what}: ${name}`))).toEqual(
      [],
    );
  });

  it("every command that there is was among them", () => {
    const commands = [
      ...readFileSync(new URL("../../src/cli/command-list.ts", import.meta.url), "utf8").matchAll(/name: "([\w-]+)"/g),
    ];
    const tried = new Set(said.map(({ what }) => /^cli ([\w-]+)/.exec(what)?.[1]));
    expect(commands.length).toBeGreaterThan(8);
    expect(commands.map(([, name]) => name).filter((name) => !tried.has(name))).toEqual([]);
  });

  it("enough was looked at", () => {
    console.info(
      `secrets: ${JSON.stringify({ canaries: allCanaries().length, needles: search.needles, ...counted, texts: search.texts, characters: search.characters })}`,
    );
    expect(search.needles).toBeGreaterThan(100);
    expect(counted.runs).toBeGreaterThan(150);
    expect(counted.files).toBeGreaterThan(300);
    expect(counted.processes).toBeGreaterThan(200);
    expect(search.characters).toBeGreaterThan(1_000_000);
  });
});

/** The sample app of the demo is what a DSN is for; `env:NAME` is the user's own way. */
function environmentMayHold({ argv, env }: RecordedProcess): string[] {
  if (argv.some((word) => word.endsWith("app/server.mjs"))) return ["demo"];
  // What `verify` runs behind the app's own wrapper.
  if (argv.includes("-s") && argv.includes("SENTRY_DSN")) return ["dsn_key"];
  return [
    ...(env.ADMIN_PASSWORD === undefined ? [] : ["admin_password"]),
    ...(env.SECRET === undefined ? [] : ["vault_secret_id"]),
  ];
}

/** What the demo keeps in a folder that is gone at its end: its provisioner, loaded with this, leaves a copy. */
function keeper(): string {
  const path = join(root, "keep.cjs");
  mkdirSync(join(root, "kept"), { recursive: true });
  writeFileSync(
    path,
    `process.once("exit", () => {
      const { GLITCHTIP_STATE_DIR: state, GLITCHTIP_ADMIN_PASSWORD_FILE: file } = process.env;
      const { readFileSync, writeFileSync } = require("node:fs");
      if (process.argv[2] !== "read-back" || !/provisioner.mjs$/.test(process.argv[1])) return;
      const { token, projects } = JSON.parse(readFileSync(state + "/state.json", "utf8"));
      const rest = [token.value, ...Object.values(projects).flatMap(({ key }) => [key, key.replaceAll("-", "")])];
      writeFileSync(${JSON.stringify(join(root, "kept"))} + "/" + process.pid, JSON.stringify({ password: readFileSync(file, "utf8"), rest }));
    });`,
  );
  return path;
}

function keptSecrets(): { password: string; rest: string[] }[] {
  const folder = join(root, "kept");
  const kept = readdirSync(folder).map((file) => JSON.parse(readFileSync(join(folder, file), "utf8")));
  rmSync(folder, { recursive: true });
  rmSync(join(root, "keep.cjs"));
  return kept;
}

function append(path: string, text: string): void {
  writeFileSync(path, readFileSync(path, "utf8") + text);
}

function writeAnew(path: string, text: string): void {
  rmSync(path, { force: true });
  writeFileSync(path, text, { mode: 0o444 });
}

const empty = (path: string): void => writeAnew(path, "");

function edit(dir: string, from: string, to: string): void {
  const path = join(dir, "glitchtip.yaml");
  const text = readFileSync(path, "utf8");
  expect(text).toContain(from);
  writeFileSync(path, text.replace(from, to));
}

function editManaged(dir: string): void {
  writeAnew(join(dir, "compose.glitchtip.yaml"), "# mine\n");
  append(join(dir, "glitchtip.yaml"), "onFailure: start-without-reporting\n");
}

function replaceByFolder(path: string): void {
  rmSync(path);
  mkdirSync(join(path, "inside"), { recursive: true });
}

function replaceByFile(path: string): void {
  rmSync(path, { recursive: true, force: true });
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, "");
  chmodSync(path, 0o444);
  expect(existsSync(path)).toBe(true);
}
