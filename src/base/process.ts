import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import type { Readable, Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { StringDecoder } from "node:string_decoder";
import { onAbort } from "./abort.ts";
import { CodedError, hasErrno } from "./errors.ts";

export interface RunOptions {
  readonly cwd?: string;
  /** The whole environment of the child. Default: this process's. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Written to the child's stdin, which is then closed; without it stdin is empty. */
  readonly stdin?: string;
  /** Used instead of `stdin` and read to its end as fast as the child reads. Its failure stops the child. */
  readonly stdinFrom?: Readable;
  /** Receives stdout, which is then not captured, and is ended with it. Its failure stops the child. */
  readonly stdoutTo?: Writable;
  readonly signal?: AbortSignal;
  /** After this time the child is stopped and GC1605 is thrown. */
  readonly deadlineMs?: number;
  /** The time between TERM and KILL. */
  readonly graceMs?: number;
  /** Called for each line without its line break; stdout is then not captured. */
  onStdoutLine?(line: string): void;
  /** Called for each line; stderr is captured all the same. */
  onStderrLine?(line: string): void;
  /** A longer stdout is an error; a longer stderr loses its beginning. */
  readonly stdoutLimitBytes?: number;
  readonly stderrLimitBytes?: number;
  /** What messages call the program instead of its command line. */
  readonly shownAs?: string;
}

export interface ProcessResult {
  /** Null where a signal ended the child. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The type of `runProcess`, for which tests hand in a fake. */
export type Run = (program: string, args: readonly string[], options?: RunOptions) => Promise<ProcessResult>;

const GRACE_MS = 5_000;
const STDOUT_LIMIT_BYTES = 16 * 1024 * 1024;
const STDERR_LIMIT_BYTES = 64 * 1024;

/**
 * Runs a program without a shell and waits for its end. Any exit code is a result; a missing program, a deadline, too
 * much output and an abort are thrown, the latter with the signal's reason.
 */
export const runProcess: Run = (program, args, options = {}) => {
  const { signal, deadlineMs, graceMs = GRACE_MS, shownAs: called = commandLine(program, args) } = options;
  return new Promise<ProcessResult>((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const child = spawn(program, args, {
      cwd: options.cwd,
      env: options.env === undefined ? process.env : { ...options.env },
      stdio: ["pipe", "pipe", "pipe"],
      windowsHide: true,
    });
    let failure: { readonly error: unknown } | undefined;
    let kill: NodeJS.Timeout | undefined;
    const stop = (error: unknown) => {
      if (failure !== undefined) return;
      failure = { error };
      child.kill("SIGTERM");
      kill = setTimeout(() => child.kill("SIGKILL"), graceMs);
    };
    const cancelAbort = signal && onAbort(signal, () => stop(signal.reason));
    const deadline =
      deadlineMs === undefined ? undefined : setTimeout(() => stop(late(called, deadlineMs)), deadlineMs);
    const streams = capture(child, options, () => stop(tooMuch(called)));
    const piped = options.stdoutTo && pipeline(child.stdout, options.stdoutTo).catch(stop);
    const settle = () => {
      clearTimeout(kill);
      clearTimeout(deadline);
      cancelAbort?.();
    };
    child.once("error", (error) => {
      // Also emitted for a failed kill: only a child that never started has no pid.
      if (child.pid !== undefined) return;
      settle();
      reject(notStarted(program, options.cwd, error));
    });
    child.once("close", async (code, endedBy) => {
      await piped;
      settle();
      streams.end();
      if (failure !== undefined) reject(failure.error);
      else resolve({ code, signal: endedBy, stdout: streams.stdout(), stderr: streams.stderr() });
    });
    // A child that ends without reading closes the pipe: its exit code tells more than EPIPE.
    child.stdin.on("error", () => {});
    const { stdinFrom } = options;
    if (stdinFrom === undefined) child.stdin.end(options.stdin ?? "");
    else {
      stdinFrom.once("error", stop);
      child.stdin.once("close", () => stdinFrom.destroy());
      stdinFrom.pipe(child.stdin);
    }
  });
};

function capture(child: ChildProcess, options: RunOptions, onTooMuch: () => void) {
  const { stdoutLimitBytes = STDOUT_LIMIT_BYTES, stderrLimitBytes = STDERR_LIMIT_BYTES } = options;
  const stdout: Buffer[] = [];
  let stdoutBytes = 0;
  let stderr = Buffer.alloc(0);
  const outLines = options.onStdoutLine && splitLines((line) => options.onStdoutLine?.(line));
  const errLines = options.onStderrLine && splitLines((line) => options.onStderrLine?.(line));
  if (options.stdoutTo === undefined)
    child.stdout?.on("data", (chunk: Buffer) => {
      if (outLines !== undefined) return outLines.push(chunk);
      stdoutBytes += chunk.length;
      if (stdoutBytes > stdoutLimitBytes) return onTooMuch();
      stdout.push(chunk);
    });
  child.stderr?.on("data", (chunk: Buffer) => {
    errLines?.push(chunk);
    stderr = Buffer.concat([stderr, chunk]).subarray(-stderrLimitBytes);
  });
  return {
    stdout: () => Buffer.concat(stdout).toString("utf8"),
    stderr: () => stderr.toString("utf8"),
    end() {
      outLines?.end();
      errLines?.end();
    },
  };
}

/** Returns the program and its first words for messages. */
export const commandLine = (program: string, args: readonly string[]): string =>
  `\`${[program, ...args.slice(0, 4)].join(" ")}\``;

const late = (called: string, deadlineMs: number) =>
  new CodedError("GC1605", `${called} did not finish within ${Math.round(deadlineMs / 1_000)} s`);

const tooMuch = (called: string) => new CodedError("GC1605", `${called} wrote more output than can be read`);

/** Returns the error for a program that could not be started. */
export function notStarted(program: string, cwd: string | undefined, cause: Error): CodedError {
  // Node names the program also where the folder does not exist.
  if (cwd !== undefined && !existsSync(cwd)) {
    return new CodedError("GC1606", `the folder ${cwd} does not exist, so \`${program}\` cannot run there`, { cause });
  }
  if (!hasErrno(cause, "ENOENT")) {
    return new CodedError("GC1606", `the program \`${program}\` could not be started: ${cause.message}`, { cause });
  }
  const remedy = `Install ${program}, or check PATH.`;
  return new CodedError("GC1606", `the program \`${program}\` was not found`, { remedy, cause });
}

/** Splits chunks into lines; a character or a line may be split over chunks. */
export function splitLines(onLine: (line: string) => void) {
  const decoder = new StringDecoder("utf8");
  let rest = "";
  return {
    push(chunk: Buffer): void {
      const parts = (rest + decoder.write(chunk)).split("\n");
      rest = parts.pop() ?? "";
      for (const part of parts) onLine(part.replace(/\r$/, ""));
    },
    end(): void {
      const last = rest + decoder.end();
      if (last !== "") onLine(last);
    },
  };
}
