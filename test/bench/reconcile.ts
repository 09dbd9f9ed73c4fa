import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { type Emulator, type EmulatorOptions, startEmulator } from "../../src/emulator/index.ts";
import { ADMIN } from "../support/provisioning.ts";
import { seededDeclaration } from "../support/seeded-declaration.ts";
import { buildForBench, median, type Note, samples } from "./measure.ts";
import type { ChildInput } from "./reconcile-child.ts";

interface Used {
  readonly wallMs: number;
  readonly cpuMs: number;
  readonly residentMb: number;
  /** Of the part that the process itself has timed. */
  readonly phaseMs: number;
}

/** How a real server with one web worker behaves: 8 ms a request, two at a time (docs/glitchtip-facts.md). */
const REAL = { serviceMs: 8, atOnce: 2 } as const;
const ALERTS = 5;
const root = process.cwd();
const CLI = join(root, "dist/cli.mjs");
const BARE = join(root, "test/bench/bare-saturated.mjs");
/** Where the bare client has nothing left to win. */
const SATURATED = 4;

let built: string | undefined;
const child = (): string => {
  built ??= buildForBench("reconcile-child");
  return built;
};

type Env = Readonly<Record<string, string>>;

function use(script: string, args: readonly string[], folder: string, env: Env = {}): Promise<Used> {
  const report = join(folder, "report.json");
  return new Promise((resolve, reject) => {
    const start = performance.now();
    const preload = ["--import", join(root, "test/bench/report.mjs")];
    const child = spawn(process.execPath, [...preload, script, ...args], {
      cwd: folder,
      env: { ...process.env, ...env, BENCH_REPORT: report },
      stdio: ["ignore", "ignore", "inherit"],
    });
    child.once("error", reject);
    child.once("close", (code) => {
      const wallMs = performance.now() - start;
      if (code === 0) resolve({ phaseMs: wallMs, ...JSON.parse(readFileSync(report, "utf8")), wallMs });
      else reject(new Error(`${script}: exit ${code}`));
    });
  });
}

interface Stage {
  readonly emulator: Emulator;
  /** Our plan, and its apply where asked. */
  ours(apply?: boolean): Promise<Used>;
  /** The command itself: Node's start, the declaration's file and what it prints, too. */
  cli(): Promise<Used>;
  /** The same requests from the bare client: of the plan, or the POSTs of the apply. */
  bare(atOnce: number, apply?: boolean): Promise<Used>;
}

async function onStage(
  projects: number,
  alertsPerProject: number,
  options: EmulatorOptions,
  work: (stage: Stage) => Promise<void>,
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "glitchtip-compose-bench-"));
  await using emulator = await startEmulator({ superuser: ADMIN, seed: { projects, alertsPerProject }, ...options });
  const server = { url: emulator.url, token: emulator.mintToken() };
  const alertsOf = (nth: number) => `/api/0/projects/acme/project-${String(nth + 1).padStart(5, "0")}/alerts/`;
  const bodyOf = (at: number) =>
    JSON.stringify({
      name: `bare-${at}`,
      timespanMinutes: 10,
      quantity: 100,
      uptime: false,
      alertRecipients: [{ recipientType: "email" }, { recipientType: "webhook", url: "https://hooks.example.com/x" }],
    });
  try {
    await work({
      emulator,
      ours(apply = false) {
        const store = join(folder, "store.jsonl");
        const input: ChildInput = { ...server, projects, alerts: ALERTS, apply, store };
        return use(child(), [JSON.stringify(input)], folder);
      },
      cli() {
        writeFileSync(join(folder, "glitchtip.yaml"), seededDeclaration(server.url, projects, alertsPerProject));
        return use(CLI, ["plan"], folder, { GLITCHTIP_TOKEN: server.token });
      },
      bare(atOnce, apply = false) {
        const lists = Array.from({ length: projects }, (_, nth) => ({ path: `${alertsOf(nth)}?limit=100` }));
        const posts = Array.from({ length: projects * ALERTS }, (_, at) => ({
          method: "POST",
          path: alertsOf(Math.floor(at / ALERTS)),
          body: bodyOf(at),
        }));
        const input = {
          ...server,
          atOnce,
          ...(apply ? { requests: posts } : { pages: "/api/0/projects/", requests: lists }),
        };
        const file = join(folder, "requests.json");
        writeFileSync(file, JSON.stringify(input));
        return use(BARE, [file], folder);
      },
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function ratios(count: number, a: () => Promise<Used>, b: () => Promise<Used>): Promise<[Used, Used][]> {
  const pairs: [Used, Used][] = [];
  for (let i = 0; i < count; i++) pairs.push([await a(), await b()]);
  return pairs;
}

const ratioOf = (pairs: readonly [Used, Used][], key: keyof Used) => median(pairs.map(([a, b]) => a[key] / b[key]));

async function planOf(note: Note, projects: number, pairs: number): Promise<void> {
  await onStage(projects, ALERTS, { slow: REAL }, async ({ emulator, ours, bare }) => {
    const before = emulator.requests.length;
    const first = await ours();
    const what = `plan of ${projects} projects × ${ALERTS} alerts`;
    note(`${what}: requests`, emulator.requests.length - before, "", projects + Math.ceil(projects / 100));
    const rest = await ratios(pairs - 1, ours, () => bare(SATURATED));
    const all: [Used, Used][] = [[first, await bare(SATURATED)], ...rest];
    note(`${what}: wall against the saturated floor`, ratioOf(all, "wallMs"), "×", 1.15);
  });
}

/** The command as a user runs it: Node's start and reading the declaration count, too. */
async function commandOf(note: Note, projects: number, pairs: number): Promise<void> {
  await onStage(projects, ALERTS, { slow: REAL }, async ({ cli, bare }) => {
    const all = await ratios(pairs, cli, () => bare(SATURATED));
    const what = `plan, the command, of ${projects} projects × ${ALERTS} alerts`;
    // Parsing 1 MB of YAML comes before the first request (docs/speed.md), so this budget is wider than the plan's own.
    note(`${what}: wall against the saturated floor`, ratioOf(all, "wallMs"), "×", 1.4);
    note(`${what}: resident`, median(all.map(([ours]) => ours.residentMb)), "MB", 200);
  });
}

async function planFarAway(note: Note): Promise<void> {
  await onStage(100, ALERTS, { slow: { ...REAL, distanceMs: 20 } }, async ({ ours, bare }) => {
    const all = await ratios(samples(2), ours, () => bare(1));
    const name = "plan of 100 projects, 20 ms away: wall against one request after the other";
    note(name, ratioOf(all, "wallMs"), "×", 1 / 3);
  });
}

async function apply(note: Note): Promise<void> {
  const all: [Used, Used][] = [];
  for (let i = 0; i < samples(2); i++) {
    await onStage(60, 0, { slow: REAL }, async ({ ours, bare }) => {
      const applied = await ours(true);
      all.push([applied, await bare(SATURATED, true)]);
    });
  }
  note("apply of 300 alerts: wall against the floor of its POSTs", ratioOf(all, "phaseMs"), "×", 1.15);
}

/** Each is a group of figures that is measured anew where one of them is over its budget. */
export const RECONCILE: readonly ((note: Note) => Promise<void>)[] = [
  (note) => planOf(note, 100, samples(5)),
  (note) => planOf(note, 1_000, samples(2)),
  (note) => commandOf(note, 1_000, samples(3)),
  planFarAway,
  apply,
];
