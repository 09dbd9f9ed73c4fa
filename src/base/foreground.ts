import { spawn } from "node:child_process";
import { constants } from "node:os";
import { onAbort as whenAborted } from "./abort.ts";
import { notStarted } from "./process.ts";

export interface ForegroundOptions {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
  /** Called once when the signal is aborted, before the child receives TERM. */
  onAbort?(): Promise<void>;
  readonly graceMs?: number;
}

const GRACE_MS = 5_000;

/** Runs a program on our terminal and streams. Resolves with the exit code that a shell would give: 128 + N for signal N. */
export function runForeground(
  program: string,
  args: readonly string[],
  { cwd, env, signal, onAbort, graceMs = GRACE_MS }: ForegroundOptions,
): Promise<number> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    const child = spawn(program, args, { cwd, env: { ...env }, stdio: "inherit", windowsHide: true });
    let kill: NodeJS.Timeout | undefined;
    const stop = async () => {
      await onAbort?.().catch(() => {});
      child.kill("SIGTERM");
      kill = setTimeout(() => child.kill("SIGKILL"), graceMs);
    };
    const settle = () => {
      clearTimeout(kill);
      cancelAbort();
    };
    const cancelAbort = whenAborted(signal, () => void stop());
    child.once("error", (error) => {
      if (child.pid !== undefined) return;
      settle();
      reject(notStarted(program, cwd, error));
    });
    child.once("close", (code, endedBy) => {
      settle();
      resolve(code ?? 128 + (endedBy === null ? 0 : constants.signals[endedBy]));
    });
  });
}
