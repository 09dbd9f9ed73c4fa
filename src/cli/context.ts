import { readdirSync, statSync } from "node:fs";
import { basename, dirname, resolve } from "node:path";
import { didYouMean } from "../base/did-you-mean.ts";
import { CodedError, EXIT, errorLines } from "../base/errors.ts";
import { type Log, lineLog } from "../base/log.ts";
import { type Clock, systemClock } from "../base/wait.ts";
import { paintFor } from "./screen.ts";
import { columnsOf, wrapped } from "./wrap.ts";

/** What a command may use of the outside world. Tests pass substitutes. */
export interface CliContext {
  readonly dir: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly log: Log;
  readonly clock: Clock;
  /** Aborted by SIGINT, SIGTERM and SIGHUP. */
  readonly signal: AbortSignal;
  readonly json: boolean;
  /** True when questions may be asked: a terminal on both sides, and neither --yes nor --json. */
  readonly interactive: boolean;
  /** False where what is printed goes into a file or a pipe. */
  readonly stdoutIsTerminal: boolean;
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

const STOPPING = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

export function processContext(flags: GlobalFlags): CliContext {
  const { json = false, debug = false, yes = false } = flags;
  const abort = new AbortController();
  const stop = (name: NodeJS.Signals) => {
    // A second signal is not caught: it ends the process at once.
    for (const signal of STOPPING) process.removeListener(signal, stop);
    abort.abort(new CodedError("GC1003", `stopped by ${name}`, { remedy: "Run the same command again to go on." }));
  };
  for (const signal of STOPPING) process.on(signal, stop);
  return {
    dir: folderOf(flags.directory),
    env: process.env,
    log: lineLog((line) => process.stderr.write(wrapped(line, columnsOf(process.stderr))), { debug }),
    clock: systemClock,
    signal: abort.signal,
    interactive: !json && !yes && process.stdin.isTTY === true && process.stderr.isTTY === true,
    stdoutIsTerminal: process.stdout.isTTY === true,
    ...processOutput(json),
  };
}

/** Returns the absolute folder. Throws GC1001 where it does not exist: `init` would make a workspace of a typing error. */
function folderOf(path = "."): string {
  const dir = resolve(path);
  const kind = kindOf(dir);
  if (kind === "folder") return dir;
  const problem = kind === "file" ? "this is no folder" : `there is no such folder${meant(dir)}`;
  throw new CodedError("GC1001", `-C ${path}: ${problem}`, {
    remedy:
      kind === "file"
        ? "Name the folder that contains this file."
        : `For a new project: mkdir -p ${path}, then run the same command again.`,
  });
}

function kindOf(path: string): "folder" | "file" | undefined {
  try {
    return statSync(path).isDirectory() ? "folder" : "file";
  } catch {
    return undefined;
  }
}

function meant(dir: string): string {
  const beside = dirname(dir);
  if (kindOf(beside) !== "folder") return "";
  const folders = readdirSync(beside, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return didYouMean(
    basename(dir),
    folders.map(({ name }) => name),
  );
}

export type Output = Pick<CliContext, "json" | "print" | "setExitCode">;

export const processOutput = (json: boolean): Output => ({
  json,
  print: (data) => process.stdout.write(data.endsWith("\n") ? data : `${data}\n`),
  setExitCode: (code) => {
    process.exitCode = code;
  },
});

/** Sets the exit code and writes the error: as text, and with --json as data, too. */
export function reportError(error: unknown, context: Output, write: (text: string) => void): void {
  const coded = error instanceof CodedError ? error : undefined;
  context.setExitCode(coded?.exitCode ?? EXIT.failed);
  if (context.json) context.print(JSON.stringify({ error: coded ?? { code: "GC1901", message: String(error) } }));
  write(`${errorLines(error).join("\n")}\n`);
}

/** Whoever has pressed Ctrl-C knows that it is no error: its code is shown with --json only. */
export function showError(text: string): void {
  const paint = paintFor({ env: process.env, json: false }, process.stderr.isTTY === true);
  const shown = wrapped(text.replace(/^error GC1003: /, ""), columnsOf(process.stderr));
  process.stderr.write(shown.replace(/^error GC\d{4}:/, (start) => paint("bad", start)));
}
