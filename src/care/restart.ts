import { defined } from "../base/defined.ts";
import { CodedError } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import { retry } from "../base/retry.ts";
import type { Clock } from "../base/wait.ts";
import type { CareSettings } from "../config/service-settings.ts";
import type { DatabaseLook, Probes } from "./probes.ts";
import type { CheckResult, RestartedService, RestartReason, RestartReport } from "./report.ts";
import { isAtWork, readSupervised, restartSupervised } from "./supervised.ts";

export interface RestartContext {
  readonly settings: CareSettings;
  readonly probes: Probes;
  /** The folder through which supervise.py takes requests and tells its state. */
  readonly folder: string;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly log: Log;
  machine(): { readonly loadAverage: number; readonly memoryFreeBytes: number };
}

const READY_WITHIN_MS = 120_000;
/** A worker that cannot start ends within this time. */
const SETTLES_AFTER_S = 3;

const messageOf = (error: unknown): string => (error instanceof Error ? error.message || error.name : String(error));

/**
 * Restarts GlitchTip's processes one after another, each only when the one before works again. Restarts nothing where the
 * database is not well, or where a backup, a restore or a migration runs.
 */
export async function restartWithCare(
  context: RestartContext,
  reason: RestartReason,
  services: readonly string[],
): Promise<RestartReport> {
  const { clock, probes, signal } = context;
  const startMs = clock.now();
  const first = await checkBase(context);
  const report = (rest: Pick<RestartReport, "ok" | "services" | "checksAfter"> & { readonly skipped?: string }) => ({
    version: 1 as const,
    at: new Date(startMs).toISOString(),
    reason,
    durationMs: clock.now() - startMs,
    checksBefore: first.results,
    ...(first.database && { connections: first.database.connections }),
    ...context.machine(),
    ...rest,
  });
  const skip = (skipped: string) => report({ ok: false, skipped, services: [], checksAfter: [] });
  const sick = first.results.filter(({ problem }) => problem !== undefined);
  if (sick.length > 0) return skip(sick.map(({ what, problem }) => `${what} is not well: ${problem}`).join("; "));
  if (first.database?.busy !== undefined) return skip(`${first.database.busy} is running`);
  const done = await probes.alone(async () => {
    const restarted: RestartedService[] = [];
    for (const name of services) {
      restarted.push(await restartOne(context, name));
      // Where one failed, the others keep running.
      if (restarted.at(-1)?.error !== undefined) break;
    }
    return restarted;
  });
  signal.throwIfAborted();
  if (done === undefined) return skip("a migration or another restart is running");
  const after = await checkBase(context);
  const ok = [...done.map(({ error }) => error), ...after.results.map(({ problem }) => problem)].every((one) => !one);
  return report({ ok, services: done, checksAfter: after.results });
}

/** Checks what has to work before a restart and after it. */
async function checkBase({ probes, settings, clock }: RestartContext) {
  let database: DatabaseLook | undefined;
  const timed = async (what: string, check: () => Promise<unknown>): Promise<CheckResult> => {
    const startMs = clock.now();
    try {
      await check();
      return { what, ms: clock.now() - startMs };
    } catch (error) {
      return { what, ms: clock.now() - startMs, problem: messageOf(error) };
    }
  };
  const results = await Promise.all([
    timed("Postgres", async () => {
      database = await probes.database();
    }),
    ...(settings.valkey === "off" ? [] : [timed("Valkey", () => probes.valkey())]),
  ]);
  return { results, ...(database && { database: database as DatabaseLook }) };
}

async function restartOne(context: RestartContext, service: string): Promise<RestartedService> {
  const { settings, folder, clock, signal, log } = context;
  const declared = settings.services.find((one) => one.service === service);
  const before = readSupervised(folder, service);
  if (declared === undefined || !isAtWork(before, clock.now())) return { service, error: "is not running" };
  log.step(`restarting ${service}`);
  try {
    const { last } = await restartSupervised(folder, service, declared.graceSeconds, context);
    const startMs = clock.now();
    await waitUntilReady(context, service, declared.role);
    const after = readSupervised(folder, service);
    return defined({
      service,
      pidBefore: last.pidBefore,
      pidAfter: last.pidAfter,
      stopMs: last.stopMs,
      readyMs: clock.now() - startMs,
      killed: last.killed,
      memoryBefore: last.before.memoryBytes ?? undefined,
      memoryAfter: after?.memoryBytes ?? undefined,
      memoryLimit: after?.memoryLimitBytes ?? undefined,
    });
  } catch (error) {
    signal.throwIfAborted();
    return { service, error: messageOf(error) };
  }
}

/** Waits until web answers, or until a worker has run for a while and has touched its file where it has one. */
async function waitUntilReady(
  { probes, clock, signal, folder, settings }: RestartContext,
  service: string,
  role: string,
) {
  const { aliveFile } = settings.services.find((one) => one.service === service) ?? {};
  let last = "";
  await retry<true>({
    clock,
    signal,
    deadlineMs: READY_WITHIN_MS,
    async attempt() {
      if (role === "web") {
        try {
          await probes.web();
          return true;
        } catch (error) {
          last = messageOf(error);
          return undefined;
        }
      }
      const state = readSupervised(folder, service);
      if (state === undefined) return undefined;
      const forS = state.at - state.since;
      last = "its worker has not begun to work";
      if (aliveFile) return state.aliveAgo !== null && state.aliveAgo < forS ? true : undefined;
      return forS >= SETTLES_AFTER_S ? true : undefined;
    },
    late: () => new CodedError("GC1605", `it was not ready within ${READY_WITHIN_MS / 1_000} s: ${last}`),
  });
}
