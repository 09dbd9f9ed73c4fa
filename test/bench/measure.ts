import { execFileSync, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { performance } from "node:perf_hooks";

/** Takes a figure with its budget. */
export type Note = (name: string, value: number, unit: string, budget: number) => void;

export interface Run {
  readonly wallMs: number;
  /** The highest resident memory seen, in MB; Linux only, else 0. */
  readonly residentMb: number;
  readonly code: number | null;
  readonly stderr: string;
}

export interface Call {
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
}

/** One run of a process, from spawn to its end. */
export function run({ command, args, env = {}, cwd }: Call): Promise<Run> {
  return new Promise((resolve, reject) => {
    const start = performance.now();
    const child = spawn(command, args, { env: { ...process.env, ...env }, cwd, stdio: ["ignore", "ignore", "pipe"] });
    let stderr = "";
    let residentMb = 0;
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      stderr += text;
    });
    const poll = setInterval(() => {
      residentMb = Math.max(residentMb, peakMb(child.pid));
    }, 4);
    child.once("error", reject);
    child.once("close", (code) => {
      clearInterval(poll);
      resolve({ wallMs: performance.now() - start, residentMb, code, stderr });
    });
  });
}

function peakMb(pid: number | undefined): number {
  try {
    const kilobytes = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
    return Number(kilobytes ?? 0) / 1024;
  } catch {
    return 0;
  }
}

/** `--report` prints a table of few samples and leaves the verdict out: CI shares its machine with other work. */
export const isReport = process.argv.includes("--report");

/** Returns how often to measure what a verdict needs `full` samples of. */
export const samples = (full: number): number => (isReport ? Math.ceil(full / 5) : full);

export async function good(call: Call): Promise<Run> {
  const result = await run(call);
  if (result.code !== 0)
    throw new Error(`${call.command} ${call.args.join(" ")}: exit ${result.code}\n${result.stderr}`);
  return result;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

/** A and B in turn, so that the machine's moods meet both; the first pair is not counted. */
export async function pairs(
  count: number,
  a: () => Promise<Run>,
  b: () => Promise<Run>,
): Promise<{ a: Run[]; b: Run[]; ratio: number }> {
  const runs: { a: Run; b: Run }[] = [];
  for (let i = 0; i <= count; i++) runs.push({ a: await a(), b: await b() });
  const counted = runs.slice(1);
  return {
    a: counted.map((pair) => pair.a),
    b: counted.map((pair) => pair.b),
    ratio: median(counted.map((pair) => pair.a.wallMs / pair.b.wallMs)),
  };
}

/** Bundles a module of the benchmark that runs as a process of its own, and returns the path of the bundle. */
export function buildForBench(name: string): string {
  const root = process.cwd();
  const out = join(root, `node_modules/.cache/${name}.mjs`);
  // undici requires Node's own modules at run time.
  const banner = `--banner:js=import{createRequire}from"node:module";const require=createRequire(import.meta.url);`;
  const options = ["--bundle", "--platform=node", "--format=esm", "--target=node20.19", "--log-level=warning", banner];
  const esbuild = join(root, "node_modules/.bin/esbuild");
  execFileSync(esbuild, [join(root, `test/bench/${name}.ts`), ...options, `--outfile=${out}`]);
  return out;
}
