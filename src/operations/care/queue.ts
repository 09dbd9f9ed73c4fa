import type { CareSettings } from "../../config/care-settings.ts";
import { STUCK_AFTER_MS } from "../backlog.ts";
import { type Finding, type Look, UNHEALTHY_AFTER } from "./findings.ts";
import { logsOf, partsOf } from "./parts.ts";
import type { Probes } from "./probes.ts";
import { isAtWork } from "./supervised.ts";

const STUCK_ALIVE_S = STUCK_AFTER_MS / 1_000;

/** How long jobs in Valkey have not become fewer; from one look to the next. */
export interface QueueMemory {
  readonly waiting: number;
  readonly sinceMs: number;
}

export const queueMemory = (before: QueueMemory | undefined, waiting: number, nowMs: number): QueueMemory =>
  before !== undefined && waiting > 0 && waiting >= before.waiting
    ? { waiting, sinceMs: before.sinceMs }
    : { waiting, sinceMs: nowMs };

/** A worker that takes no work: nothing else shows it. */
export function queueFinding(
  settings: CareSettings,
  probes: Probes,
  look: Look,
  queue: QueueMemory | undefined,
  nowMs: number,
): Finding[] {
  const worker = settings.services.find(({ role }) => role === "worker");
  const about = worker?.service ?? partsOf(settings).worker;
  const stuck = (problem: string | undefined): Finding[] => [
    // Of a new database nobody knows when its worker began.
    {
      event: "queue-stuck",
      about,
      ...(look.database?.jobs?.lastTakenMs === undefined ? { patience: UNHEALTHY_AFTER } : {}),
      ...(problem === undefined ? {} : { problem, remedy: logsOf(about) }),
    },
  ];
  const { jobs } = look.database ?? {};
  if (settings.jobs === "database" && jobs !== undefined) {
    const idleMs = jobs.lastTakenMs ?? Number.POSITIVE_INFINITY;
    const since = Number.isFinite(idleMs) ? `for ${Math.round(idleMs / 60_000)} minutes` : "yet";
    return stuck(
      jobs.waiting > 0 && idleMs > STUCK_AFTER_MS ? `${jobs.waiting} jobs wait, none was taken ${since}` : undefined,
    );
  }
  if (settings.jobs === "valkey" && queue !== undefined) {
    const idleMs = nowMs - queue.sinceMs;
    const minutes = Math.round(idleMs / 60_000);
    return stuck(
      queue.waiting > 0 && idleMs > STUCK_AFTER_MS
        ? `${queue.waiting} jobs wait, no fewer for ${minutes} minutes`
        : undefined,
    );
  }
  if (worker?.aliveFile) {
    const state = probes.service(worker.service);
    if (state === undefined) return [];
    const aliveAgo = state.aliveAgo ?? state.at - state.since;
    return stuck(
      isAtWork(state, nowMs) && aliveAgo > STUCK_ALIVE_S
        ? `it has done nothing for ${Math.round(aliveAgo / 60)} minutes`
        : undefined,
    );
  }
  return [];
}
