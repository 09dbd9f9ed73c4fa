import type { Log } from "../base/log.ts";
import type { Metrics } from "./metrics.ts";
import type { RunRecord } from "./run-store.ts";
import { type ServerStates, stateAfter } from "./server-states.ts";

export interface OutcomeContext {
  readonly metrics: Metrics;
  readonly states: ServerStates;
  readonly log: Log;
  readonly now: () => number;
}

/** Counts what a run did and keeps the state of its servers. */
export async function afterRun(context: OutcomeContext, record: RunRecord): Promise<void> {
  const { metrics, states, log, now } = context;
  const { id, kind, state, report, error, servers, createdAtMs, startedAtMs, finishedAtMs } = record;
  if (startedAtMs !== undefined && finishedAtMs !== undefined) {
    metrics.waited.observe({ kind }, (startedAtMs - createdAtMs) / 1_000);
    metrics.ran.observe({ kind, status: state }, (finishedAtMs - startedAtMs) / 1_000);
  }
  for (const { action_type, kind: of } of report?.applied_actions ?? []) metrics.actions.inc({ action_type, kind: of });
  for (const { code = "GC1410" } of report?.problems ?? []) metrics.errors.inc({ code });
  if (error !== undefined) metrics.errors.inc({ code: error.code });
  const count = report?.actions.length ?? 0;
  const done = kind === "apply" ? `${report?.applied_count ?? 0} of ${count} changes applied` : `${count} changes`;
  log.info(`run ${id}: ${kind} of ${servers.join(", ")}: ${state}: ${error?.message ?? done}`);
  if (report === undefined || record.brings) return;
  for (const server of servers) await states.replace(server, stateAfter(report, server, now()));
}
