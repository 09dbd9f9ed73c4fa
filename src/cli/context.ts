import { resolve } from "node:path";
import { CodedError, EXIT } from "../base/errors.ts";
import { type Log, lineLog } from "../base/log.ts";
import { type Clock, systemClock } from "../base/wait.ts";

/** The edges a command may touch, with the process's own as defaults; tests hand in others. */
export interface CliContext {
  readonly dir: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly log: Log;
  readonly clock: Clock;
  /** Aborted by Ctrl-C and TERM. */
  readonly signal: AbortSignal;
  readonly json: boolean;
  /** True when questions may be asked: a terminal on both sides, and neither --yes nor --json. */
  readonly interactive: boolean;
  /** Writes data to stdout. */
  print(data: string): void;
  setExitCode(code: number): void;
}

export interface GlobalFlags {
  readonly json?: boolean;
  readonly debug?: boolean;
  readonly directory?: string;
  readonly yes?: boolean;
}

/** Ctrl-C, a supervisor, a terminal that was closed. */
const STOPPING = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

export function processContext(flags: GlobalFlags): CliContext {
  const { json = false, debug = false, yes = false } = flags;
  const abort = new AbortController();
  const stop = (name: NodeJS.Signals) => {
    // A second one means it: the process ends as it would without us.
    for (const signal of STOPPING) process.removeListener(signal, stop);
    abort.abort(new CodedError("GC1003", `stopped by ${name}`, { remedy: "Run the same command again to go on." }));
  };
  for (const signal of STOPPING) process.on(signal, stop);
  return {
    dir: resolve(flags.directory ?? "."),
    env: process.env,
    log: lineLog((line) => process.stderr.write(line), { debug }),
    clock: systemClock,
    signal: abort.signal,
    interactive: !json && !yes && process.stdin.isTTY === true && process.stderr.isTTY === true,
    ...processOutput(json),
  };
}

type Output = Pick<CliContext, "json" | "print" | "setExitCode">;

export const processOutput = (json: boolean): Output => ({
  json,
  print: (data) => process.stdout.write(data.endsWith("\n") ? data : `${data}\n`),
  setExitCode: (code) => {
    process.exitCode = code;
  },
});

/** The one place where an error becomes text and an exit code. */
export function reportError(error: unknown, context: Output, write: (text: string) => void): void {
  const coded = error instanceof CodedError ? error : undefined;
  context.setExitCode(coded?.exitCode ?? EXIT.failed);
  if (coded === undefined) {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    write(`error GC1901: a mistake in glitchtip-compose itself; please report it\n${text}\n`);
    if (context.json) context.print(JSON.stringify({ error: { code: "GC1901", message: String(error) } }));
    return;
  }
  if (context.json) context.print(JSON.stringify({ error: coded }));
  write(`error ${coded.code}: ${coded.message}\n`);
  for (const problem of coded.problems) write(`  ${problem}\n`);
  if (coded.remedy !== undefined) write(`  → ${coded.remedy}\n`);
}
