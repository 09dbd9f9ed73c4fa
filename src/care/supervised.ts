import { randomBytes } from "node:crypto";
import { rmSync } from "node:fs";
import { join } from "node:path";
import * as z from "zod/mini";
import { CodedError } from "../base/errors.ts";
import { readIfThere, writeAll } from "../base/files.ts";
import { retry } from "../base/retry.ts";
import type { Clock } from "../base/wait.ts";
import { logsCommand } from "./finding.ts";

const count = z.nullable(z.number());
const figures = {
  memoryBytes: count,
  memoryLimitBytes: count,
  cpuMicroseconds: count,
  /** Memory of all processes that share the limit, where the process is not alone in its container. */
  containerBytes: z.optional(count),
};

/** The state that templates/care/supervise.py writes every few seconds. */
const supervisedState = z.object({
  /** Seconds since the epoch. */
  at: z.number(),
  pid: z.number(),
  since: z.number(),
  ...figures,
  /** Seconds since the worker touched its file; null where it has no file. */
  aliveAgo: count,
  last: z.nullable(
    z.object({
      id: z.string(),
      pidBefore: z.number(),
      pidAfter: z.number(),
      stopMs: z.number(),
      exitCode: z.number(),
      killed: z.boolean(),
      before: z.object(figures),
    }),
  ),
});

export type SupervisedState = z.infer<typeof supervisedState>;
export type LastRestart = NonNullable<SupervisedState["last"]>;

/** Returns undefined before the first start, and for a file that cannot be read. */
export function readSupervised(folder: string, service: string): SupervisedState | undefined {
  try {
    return z.parse(supervisedState, JSON.parse(readIfThere(join(folder, `${service}.json`)) ?? ""));
  } catch {
    return undefined;
  }
}

/** Without a limit the kernel reports a number far above this one. */
const NO_LIMIT_BYTES = 2 ** 50;

/** Returns how full a container's memory is; undefined where it has no limit. */
export function memoryPercent(state: SupervisedState): number | undefined {
  const { memoryBytes, containerBytes = memoryBytes, memoryLimitBytes } = state;
  if (containerBytes === null || memoryLimitBytes === null || memoryLimitBytes > NO_LIMIT_BYTES) return undefined;
  return Math.floor((100 * containerBytes) / memoryLimitBytes);
}

/** The supervisor writes its state every 5 s while its container runs. */
const SILENT_AFTER_S = 30;

/** Returns true while the supervisor writes its state. */
export const isAtWork = (state: SupervisedState | undefined, nowMs: number): state is SupervisedState =>
  state !== undefined && nowMs / 1_000 - state.at < SILENT_AFTER_S;

/** Added to the grace period of the process. */
const SPARE_MS = 20_000;

/** Requests a restart and waits until the new process runs. Throws GC1605 after the grace period and a little more. */
export async function restartSupervised(
  folder: string,
  service: string,
  graceSeconds: number,
  { clock, signal }: { readonly clock: Clock; readonly signal: AbortSignal },
): Promise<{ readonly last: LastRestart; readonly state: SupervisedState }> {
  const id = randomBytes(6).toString("hex");
  const withinMs = graceSeconds * 1_000 + SPARE_MS;
  const request = `${JSON.stringify({ id, graceSeconds })}\n`;
  const path = join(folder, `${service}.restart`);
  writeAll([{ path, content: request, mode: 0o644, durable: false }]);
  const restarted = retry({
    clock,
    signal,
    deadlineMs: withinMs,
    pauseMs: { first: 100, longest: 1_000 },
    async attempt() {
      const state = readSupervised(folder, service);
      return state?.last?.id === id ? { last: state.last, state } : undefined;
    },
    late: () =>
      new CodedError("GC1605", `${service} was not restarted within ${Math.round(withinMs / 1_000)} s`, {
        remedy: logsCommand(service),
      }),
  });
  return await restarted.catch((error: unknown) => {
    // A request that was not taken in time must not be executed later.
    rmSync(path, { force: true });
    throw error;
  });
}
