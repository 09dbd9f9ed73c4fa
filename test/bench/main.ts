import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { Agent, get } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { styleText } from "node:util";
import { startServer } from "../support/emulator.ts";
import { bundleEnvironment, declare, temporaryFolders } from "../support/provisioning.ts";
import { good, isReport, median, pairs, samples } from "./measure.ts";
import { measureProjects } from "./projects.ts";
import { RECONCILE } from "./reconcile.ts";
import { SERVICE } from "./service.ts";
import { measureStack, whyNoEngine } from "./stack.ts";

/** One line of the table: what was measured against its budget. */
interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly budget: number;
  /** How often it was measured. */
  readonly rounds: number;
}

const root = process.cwd();
const dist = (file: string) => join(root, "dist", file);
const figures = new Map<string, Figure>();
const ROUNDS = isReport ? 1 : 5;

function note(name: string, value: number, unit: string, budget: number): void {
  const before = figures.get(name);
  const lowest = Math.min(value, before?.value ?? value);
  figures.set(name, { name, value: lowest, unit, budget, rounds: (before?.rounds ?? 0) + 1 });
}

const isOver = ({ value, budget }: Figure): boolean => value > budget;

/**
 * Other load on the machine only ever adds time: what is over its budget is measured anew, a few times at most, and the lowest
 * counts. The table says how often.
 */
async function measure(work: () => Promise<void>): Promise<void> {
  const others = new Set(figures.keys());
  for (let round = 1; round <= ROUNDS; round++) {
    await work();
    if (![...figures.values()].some((figure) => !others.has(figure.name) && isOver(figure))) return;
  }
}

const node = (...args: string[]) => ({ command: process.execPath, args });
const PAIRS = samples(15);

async function nothingToChange(projects: number): Promise<void> {
  using folders = temporaryFolders();
  await using emulator = await startServer();
  const names = Array.from({ length: projects }, (_, i) => `shop-${i + 1}x`);
  const declaration = declare({ projects: Object.fromEntries(names.map((name) => [name, {}])), apps: {} });
  const env = bundleEnvironment(emulator.url, folders, declaration);
  const provisioner = { ...node(dist("provisioner.mjs")), env };
  await good(provisioner);
  const before = emulator.requests.length;
  await good(provisioner);
  note(`nothing to change, ${projects} projects: requests`, emulator.requests.length - before, "", 2 + projects);
  const state = JSON.parse(readFileSync(join(folders.state, "state.json"), "utf8"));
  const token = { authorization: `Bearer ${state.token.value}` };
  const proofs = Object.values<{ id: string; key: string }>(state.projects).map(({ id, key }) => ({
    method: "POST",
    path: `/api/${id}/envelope/`,
    headers: {
      "content-type": "application/x-sentry-envelope",
      "x-sentry-auth": `Sentry sentry_version=7, sentry_key=${key.replaceAll("-", "")}`,
    },
    body: '{"event_id":"00000000000040008000000000000001"}',
  }));
  const requests = [
    { method: "GET", path: "/api/settings/", headers: {} },
    { method: "GET", path: `/api/0/organizations/${state.organization.slug}/projects/?limit=100`, headers: token },
    ...proofs,
  ];
  const bare = node(join(root, "test/bench/bare.mjs"), JSON.stringify({ url: emulator.url, requests }));
  const result = await pairs(
    PAIRS,
    () => good(provisioner),
    () => good(bare),
  );
  note(`nothing to change, ${projects} projects: wall against bare node:http`, result.ratio, "×", 1.5);
  note(`nothing to change, ${projects} projects: resident`, median(result.a.map((run) => run.residentMb)), "MB", 64);
}

/** What a real 5.2 needs for each request, milliseconds (prototype: 8 for a small list; a password hash is 300). */
const SERVER_MS = { any: 8, login: 300 };

/** What the server takes for one small answer: median of several over one kept connection. */
async function answerMs(url: string): Promise<number> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const times: number[] = [];
  for (let i = 0; i < 15; i++) {
    const start = performance.now();
    await new Promise<void>((done, failed) => {
      get(`${url}/api/settings/`, { agent }, (answer) => answer.resume().on("end", done)).on("error", failed);
    });
    times.push(performance.now() - start);
  }
  agent.destroy();
  return median(times);
}

async function emptyServer(): Promise<void> {
  const ratios: number[] = [];
  let beforeProof = 0;
  for (let i = 0; i < PAIRS; i++) {
    using folders = temporaryFolders();
    await using emulator = await startServer();
    emulator.fault({
      path: /auth\/login/,
      times: Number.POSITIVE_INFINITY,
      effect: { kind: "delay", delayMs: SERVER_MS.login },
    });
    emulator.fault({ path: /./, times: Number.POSITIVE_INFINITY, effect: { kind: "delay", delayMs: SERVER_MS.any } });
    const env = bundleEnvironment(emulator.url, folders, declare());
    const { wallMs } = await good({ ...node(dist("provisioner.mjs")), env });
    const start = await good(node("-e", "0"));
    const logins = emulator.requests.filter(({ path }) => path.endsWith("/auth/login")).length;
    const count = emulator.requests.length;
    // Timers are late by a millisecond or two: what a request really takes is asked on an open connection.
    const anyMs = await answerMs(emulator.url);
    const serverMs = count * anyMs + logins * (SERVER_MS.login - SERVER_MS.any);
    ratios.push(wallMs / (serverMs + start.wallMs));
    beforeProof = emulator.requests.findIndex(({ path }) => path.includes("/envelope/"));
  }
  note("empty server, one project: requests before the proof", beforeProof, "", 10);
  note("empty server: wall against the server's time and Node's start", median(ratios), "×", 1.2);
}

async function init(): Promise<void> {
  const cli = dist("cli.mjs");
  const fresh = () => mkdtempSync(join(tmpdir(), "glitchtip-compose-bench-"));
  const folders: string[] = [];
  const once = () => {
    const cwd = fresh();
    folders.push(cwd);
    return good({ ...node(cli, "init", "--yes"), cwd });
  };
  const result = await pairs(PAIRS, once, () => good(node("-e", "0")));
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
  note("init --yes: wall against node -e 0", result.ratio, "×", 4);
}

async function projects(): Promise<void> {
  const { addRatio, residentMb } = await measureProjects(dist("cli.mjs"));
  note("add beside 100 services: wall against node -e 0", addRatio, "×", 5);
  note("add beside 1,000 services: resident", residentMb, "MB", 150);
}

async function wrapper(): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), "glitchtip-compose-bench-"));
  mkdirSync(join(dir, "dsn"));
  writeFileSync(join(dir, "dsn", "api.env"), "export SENTRY_DSN='http://k@glitchtip:8000/1'\n");
  const wrapped = {
    command: "/bin/sh",
    args: [join(root, "templates/with-dsn"), "--dir", join(dir, "dsn"), "api", "--", "/bin/true"],
  };
  const result = await pairs(
    samples(100),
    () => good(wrapped),
    () => good({ command: "/bin/true", args: [] }),
  );
  note("with-dsn over direct exec", median(result.a.map((run, i) => run.wallMs - (result.b[i]?.wallMs ?? 0))), "ms", 5);
  rmSync(dir, { recursive: true });
}

function sizes(): void {
  note("provisioner bundle", statSync(dist("provisioner.mjs")).size / 1e6, "MB", 1);
}

async function stack(): Promise<void> {
  const reason = whyNoEngine();
  if (reason !== undefined) {
    process.stderr.write(`not measured: a real stack (${reason})\n`);
    if (process.env.REQUIRE_DOCKER) throw new Error("an engine is expected here");
    return;
  }
  const { handoverMs, furtherUpMs, setupMs } = await measureStack(dist("cli.mjs"));
  note("real stack: GlitchTip healthy to the app's start, less the proof", handoverMs / 1_000, "s", 3);
  note("real stack: a further up -d --wait, what our one-shots add", furtherUpMs / 1_000, "s", 3);
  note("real stack: a further up -d --wait, what glitchtip-setup adds", setupMs / 1_000, "s", 0.6);
}

await measure(() => nothingToChange(1));
await measure(() => nothingToChange(10));
await measure(emptyServer);
await measure(init);
await measure(projects);
await measure(wrapper);
sizes();
for (const figures of [...RECONCILE, ...SERVICE]) await measure(() => figures(note));
await measure(stack);
const all = [...figures.values()];
const over = all.filter(isOver);
if (process.argv.includes("--json")) {
  process.stdout.write(`${JSON.stringify({ figures: all, over: over.map(({ name }) => name) })}\n`);
} else {
  for (const figure of all) {
    const { name, value, unit, budget, rounds } = figure;
    const verdict = isOver(figure) ? styleText("red", "over") : styleText("green", "ok");
    const shown = `${Number.isInteger(value) ? value : value.toFixed(2)} ${unit}`.trim();
    const again = rounds === 1 ? "" : `  (lowest of ${rounds})`;
    process.stdout.write(
      `${name.padEnd(72)}${shown.padStart(10)}   at most ${+budget.toFixed(2)} ${unit}  ${verdict}${again}\n`,
    );
  }
}
process.exitCode = isReport || over.length === 0 ? 0 : 1;
