import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { createInterface } from "node:readline";
import type { EmulatorOptions } from "../../src/emulator/index.ts";
import { seededDeclaration } from "../support/seeded-declaration.ts";
import { hasValkey, startValkey } from "../support/valkey.ts";
import { VaultDouble } from "../support/vault-double.ts";
import type { EmulatorsAnswer, EmulatorsInput } from "./emulators-child.ts";
import { buildForBench, median, type Note, samples } from "./measure.ts";

/** How a real server with one web worker behaves (docs/glitchtip-facts.md), 20 ms away. */
const REAL = { serviceMs: 8, atOnce: 2, distanceMs: 20 } as const;
const PROJECTS = 10;
const ALERTS = 5;
const root = process.cwd();
const CLI = join(root, "dist/cli.mjs");
const COMPAT = "/api/v1/integrations/glitchtip-project-alerts/reconcile";
const SECRET = "bench-service-secret-0123456789abcdef";

type Servers = EmulatorsAnswer["servers"];

interface Process extends AsyncDisposable {
  readonly url: string;
  /** What it has used so far. */
  used(): { readonly cpuMs: number; readonly residentMb: number };
}

/** A queue, a Vault, emulators, and processes of the service that are started on them. */
interface Stage extends AsyncDisposable {
  readonly servers: Servers;
  readonly token: string;
  serve(...words: readonly string[]): Promise<Process>;
  /** One plan of all servers by the command. */
  planMs(): Promise<number>;
  /** The request of a client that wants on these servers what is there. */
  request(servers: Servers, more?: object): object;
}

async function openStage(count: number, options: EmulatorOptions): Promise<Stage> {
  const folder = mkdtempSync(join(tmpdir(), "glitchtip-compose-bench-"));
  const valkey = await startValkey();
  const vault = new VaultDouble();
  const vaultUrl = await vault.listen();
  const { servers, stop } = await startEmulators({ count, options });
  servers.forEach(({ token }, at) => void vault.v2.set(`secret/server-${at}`, [{ token }]));
  const names = new Map(servers.map(({ url }, at) => [url, `server-${at}`]));
  const targets = servers.map(({ url }) => ({ url, vault: vaultUrl, path: `secret/${names.get(url)}` }));
  writeFileSync(join(folder, "targets.yaml"), JSON.stringify({ bench: targets }));
  mkdirSync(join(folder, "servers"));
  mkdirSync(join(folder, "registered"));
  for (const { url } of servers) {
    const text = seededDeclaration(url, PROJECTS, ALERTS)
      .replace("env:GLITCHTIP_TOKEN", `vault:secret/${names.get(url)}#token`)
      .replace("version: 1", `version: 1\nvault: {url: "${vaultUrl}"}`);
    writeFileSync(join(folder, "servers", `${names.get(url)}.yaml`), text);
  }
  // The requests state all other servers.
  symlinkSync("../servers/server-0.yaml", join(folder, "registered", "server-0.yaml"));
  const env = { ...process.env, VAULT_TOKEN: vault.makeToken(["secret/"]), SERVICE_SECRET: SECRET };
  const cli = (...words: readonly string[]) =>
    spawn(process.execPath, [CLI, ...words], { cwd: folder, env, stdio: ["ignore", "pipe", "pipe"] });
  const shared = ["--secret", "env:SERVICE_SECRET"];
  const made = cli("serve", "token", ...shared, "--subject", "bench", "--scope", "plan", "--scope", "apply");
  return {
    servers,
    token: (await textOf(made)).trim(),
    async serve(...words) {
      const queue = ["--queue", valkey.url, "--file", "registered", "--compat", "targets.yaml", "--port", "0"];
      const child = cli("serve", ...shared, ...queue, ...words);
      child.stdout.resume();
      const url = await new Promise<string>((resolve, reject) => {
        child.once("exit", (code) => reject(new Error(`serve ${words.join(" ")}: exit ${code}`)));
        createInterface(child.stderr).on("line", (line) => {
          const [, found] = /listening on (http:\S+) \(/.exec(line) ?? [];
          if (found !== undefined) resolve(found);
        });
      });
      return {
        url,
        used: () => usedBy(child.pid),
        [Symbol.asyncDispose]: () => ended(child, "SIGTERM"),
      };
    },
    async planMs() {
      const start = performance.now();
      await textOf(cli("plan", "--file", "servers", "--json"));
      return performance.now() - start;
    },
    request: (some, more = {}) => ({
      instances: some.map(({ url }) => instanceOf(names.get(url) ?? "", url, vaultUrl)),
      ...more,
    }),
    async [Symbol.asyncDispose]() {
      await stop();
      await vault[Symbol.asyncDispose]();
      await valkey[Symbol.asyncDispose]();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function startEmulators(input: EmulatorsInput): Promise<{ servers: Servers; stop(): Promise<void> }> {
  const child = spawn(process.execPath, [buildForBench("emulators-child"), JSON.stringify(input)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const text = await new Promise<string>((resolve, reject) => {
    child.once("exit", (code) => reject(new Error(`the emulators: exit ${code}`)));
    createInterface(child.stdout).once("line", resolve);
  });
  const { servers }: EmulatorsAnswer = JSON.parse(text);
  return { servers, stop: () => ended(child, "SIGKILL") };
}

function instanceOf(name: string, url: string, vault: string): object {
  const projects = Array.from({ length: PROJECTS }, (_, at) => {
    const slug = `project-${String(at + 1).padStart(5, "0")}`;
    const alerts = Array.from({ length: ALERTS }, (__, nth) => ({
      name: `alert-${nth + 1}`,
      quantity: 100 * (nth + 1),
      timespan_minutes: 10 * (nth + 1),
      recipients: [
        { recipient_type: "email" },
        { recipient_type: "webhook", url: `https://hooks.example.com/${slug}/${nth + 1}` },
      ],
    }));
    return { name: `Project ${slug.slice(-5)}`, slug, alerts };
  });
  const token = { secret_manager_url: vault, path: `secret/${name}`, field: "token" };
  return { name, console_url: url, token, organizations: [{ name: "Acme", projects }] };
}

function ended(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  return new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) return resolve();
    child.once("exit", () => resolve());
    child.kill(signal);
  });
}

function textOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    const texts = { stdout: "", stderr: "" };
    for (const name of ["stdout", "stderr"] as const) {
      child[name]?.setEncoding("utf8").on("data", (text: string) => {
        texts[name] += text;
      });
    }
    child.once("error", reject);
    child.once("close", (code) => {
      if (code === 0) resolve(texts.stdout);
      else reject(new Error(`${child.spawnargs.join(" ")}: exit ${code}\n${texts.stderr.slice(-2_000)}`));
    });
  });
}

/** Linux counts the CPU of a process in hundredths of a second. */
function usedBy(pid: number | undefined): { readonly cpuMs: number; readonly residentMb: number } {
  const kilobytes = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
  const ticks = readFileSync(`/proc/${pid}/stat`, "utf8")
    .replace(/^.*\) /s, "")
    .split(" ")
    .slice(11, 13);
  return { cpuMs: ticks.reduce((sum, text) => sum + Number(text) * 10, 0), residentMb: Number(kilobytes ?? 0) / 1_024 };
}

async function ask(url: string, token: string, method: string, path: string, body?: string | Buffer) {
  const answer = await fetch(new URL(path, url), {
    method,
    headers: { authorization: `Bearer ${token}`, ...(body && { "content-type": "application/json" }) },
    ...(body && { body }),
  });
  const text = await answer.text();
  if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${text.slice(0, 1_000)}`);
  return JSON.parse(text);
}

/** Sends a request and waits for its result. */
async function reconciled({ url }: Process, token: string, body: object) {
  const { status_url } = await ask(url, token, "POST", `${COMPAT}?fresh=true`, JSON.stringify(body));
  return await ask(url, token, "GET", `${status_url}?timeout=300`);
}

/** One request with many servers: its wall against the command's, and what the two processes keep resident. */
async function manyServers(note: Note, count: number): Promise<void> {
  await using stage = await openStage(count, { slow: REAL, seed: { projects: PROJECTS, alertsPerProject: ALERTS } });
  await using api = await stage.serve("--api");
  await using worker = await stage.serve("--worker");
  const body = stage.request(stage.servers);
  const ratios: number[] = [];
  for (let i = 0; i < samples(2); i++) {
    const start = performance.now();
    const { status, actions, errors } = await reconciled(api, stage.token, body);
    const wallMs = performance.now() - start;
    if (status !== "success" || actions.length > 0)
      throw new Error(`not in sync: ${JSON.stringify(errors).slice(0, 500)}`);
    ratios.push(wallMs / (await stage.planMs()));
  }
  const what = `service, one request with ${count} servers × ${PROJECTS} projects × ${ALERTS} alerts`;
  note(`${what}: wall against the command's plan`, median(ratios), "×", 1.2);
  note(`${what}: API resident`, api.used().residentMb, "MB", 120);
  note(`${what}: worker resident`, worker.used().residentMb, "MB", 160);
}

/** Runs of one server each, one at a time in each worker: three workers against one. */
async function moreWorkers(note: Note): Promise<void> {
  const count = 60;
  await using stage = await openStage(count, { slow: REAL, seed: { projects: PROJECTS, alertsPerProject: ALERTS } });
  await using api = await stage.serve("--api");
  const wallMs = async () => {
    const start = performance.now();
    await Promise.all(stage.servers.map((server) => reconciled(api, stage.token, stage.request([server]))));
    return performance.now() - start;
  };
  const serveOne = () => stage.serve("--worker", "1");
  await using _first = await serveOne();
  await wallMs();
  const alone = await wallMs();
  await using _second = await serveOne();
  await using _third = await serveOne();
  await wallMs();
  // At most, so that it is as the other figures are.
  note(
    `service, ${count} runs of one server: wall of three workers against one`,
    (await wallMs()) / alone,
    "×",
    1 / 2.5,
  );
}

const MEGABYTE = 1_000_000;

/** Requests of 1 MB, fifty a second: an equal one each time, as a client in a loop sends it, and each time another one. */
async function largeBodies(note: Note): Promise<void> {
  await using stage = await openStage(1, { seed: { projects: 1 } });
  const { instances } = stage.request(stage.servers) as {
    readonly instances: readonly [{ readonly organizations: readonly object[] }];
  };
  const [instance] = instances;
  const organization = (name: string) => ({ ...instance.organizations[0], name });
  const count = Math.ceil(MEGABYTE / JSON.stringify(organization("Acme 0")).length);
  const organizations = Array.from({ length: count }, (_, nth) => organization(`Acme ${nth}`));
  const text = JSON.stringify({ instances: [{ ...instance, organizations }] });
  // Bytes, as most clients have them: what the client does is not measured.
  const [before = "", after = ""] = text.split("Acme 0");
  const [same, start, end] = [text, before, after].map((some) => Buffer.from(some)) as [Buffer, Buffer, Buffer];
  const bodyOf = (nth: number) => Buffer.concat([start, Buffer.from(`First ${nth}`), end]);
  await postedFiftyASecond(note, stage, "the same body", () => same);
  await postedFiftyASecond(note, stage, "another body each", bodyOf);
}

async function postedFiftyASecond(note: Note, stage: Stage, what: string, bodyOf: (nth: number) => Buffer) {
  await using api = await stage.serve("--api");
  const post = async (nth: number) => {
    const body = bodyOf(nth);
    const start = performance.now();
    await ask(api.url, stage.token, "POST", COMPAT, body);
    return performance.now() - start;
  };
  // A service that has been up for a while.
  const warmups = 200;
  for (let nth = 0; nth < warmups; nth++) await post(nth);
  const posts: Promise<number>[] = [];
  const before = api.used().cpuMs;
  const start = performance.now();
  for (let nth = 0; nth < samples(250); nth++) {
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, start + nth * 20 - performance.now())));
    posts.push(post(warmups + nth));
  }
  const times = (await Promise.all(posts)).toSorted((a, b) => a - b);
  const p99Ms = times[Math.ceil(times.length * 0.99) - 1] ?? 0;
  note(`service, POST of 1 MB, ${what}: CPU of the API`, (api.used().cpuMs - before) / times.length, "ms", 15);
  note(`service, POST of 1 MB, ${what}, 50 a second: 99th percentile`, p99Ms, "ms", 20);
  note(`service, POST of 1 MB, ${what}: API resident`, api.used().residentMb, "MB", 160);
}

/** What the API needs while many clients wait for one run each. */
async function waitingClients(note: Note): Promise<void> {
  await using stage = await openStage(1, { seed: { projects: 1 } });
  await using api = await stage.serve("--api");
  const { status_url } = await ask(api.url, stage.token, "POST", COMPAT, JSON.stringify(stage.request(stage.servers)));
  const waiting = Array.from({ length: 200 }, () => ask(api.url, stage.token, "GET", `${status_url}?timeout=60`));
  await new Promise((resolve) => setTimeout(resolve, 2_000));
  const before = api.used().cpuMs;
  const seconds = 4;
  await new Promise((resolve) => setTimeout(resolve, seconds * 1_000));
  note("service, 200 waiting clients: CPU of the API", (api.used().cpuMs - before) / (seconds * 10), "% of a core", 3);
  await using _worker = await stage.serve("--worker");
  await Promise.all(waiting);
}

/** Fifty equal applies at once. */
async function equalApplies(note: Note): Promise<void> {
  await using stage = await openStage(1, { slow: { ...REAL, serviceMs: 100 }, seed: { projects: PROJECTS } });
  await using api = await stage.serve("--api");
  await using _worker = await stage.serve("--worker");
  // A service that has been up for a while.
  for (let i = 0; i < 10; i++) await reconciled(api, stage.token, stage.request(stage.servers));
  const body = stage.request(stage.servers, { dry_run: false });
  const start = performance.now();
  const skippedMs: number[] = [];
  const results = await Promise.all(
    Array.from({ length: 50 }, async () => {
      const result = await reconciled(api, stage.token, body);
      if (result.status === "skipped") skippedMs.push(performance.now() - start);
      return result;
    }),
  );
  const applied = results.filter(({ applied_count }) => applied_count > 0);
  note("service, 50 equal applies: that changed something", applied.length, "", 1);
  note("service, 50 equal applies: not skipped", results.length - skippedMs.length, "", 1);
  note("service, 50 equal applies: until all others are answered as skipped", Math.max(...skippedMs), "ms", 1_000);
}

/** How many servers the largest request has; 1,000 by hand. */
const SERVERS = Number(process.env.BENCH_SERVERS ?? 200);

/** Each is a group of figures that is measured anew where one of them is over its budget. */
export const SERVICE: readonly ((note: Note) => Promise<void>)[] = hasValkey
  ? [(note) => manyServers(note, SERVERS), moreWorkers, largeBodies, waitingClients, equalApplies]
  : [];
