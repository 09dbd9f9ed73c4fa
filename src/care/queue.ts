import type { CareSettings } from "../config/service-settings.ts";
import { STUCK_AFTER_MS, type WaitingJobs } from "../running/index.ts";
import { type Finding, type Look, UNHEALTHY_AFTER } from "./findings.ts";
import { logsOf } from "./parts.ts";
import type { Probes } from "./probes.ts";
import { isAtWork, type SupervisedState } from "./supervised.ts";

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
  const about = settings.worker;
  const stuck = (problem: string | undefined): Finding[] => [
    // Of a new database nobody knows when its worker began.
    {
      event: "queue-stuck",
      about,
      ...(look.database?.jobs?.lastTakenMs === undefined ? { patience: UNHEALTHY_AFTER } : {}),
      ...(problem === undefined ? {} : { problem, remedy: logsOf(about) }),
    },
  ];
  // Generation 6 in a process of its own also tells whether it is at work.
  const worker = settings.services.find(({ role }) => role === "worker");
  const state = worker?.aliveFile ? probes.service(worker.service) : undefined;
  const lifeless = state && lifelessness(state, nowMs);
  if (lifeless !== undefined) return stuck(lifeless);
  const { jobs } = look.database ?? {};
  if (settings.jobs === "database" && jobs !== undefined) return stuck(waitingInDatabase(jobs));
  if (settings.jobs === "valkey" && queue !== undefined) {
    const idleMs = nowMs - queue.sinceMs;
    return stuck(
      queue.waiting > 0 && idleMs > STUCK_AFTER_MS
        ? `${queue.waiting} jobs wait, no fewer for ${minutes(idleMs)} minutes`
        : undefined,
    );
  }
  return state === undefined ? [] : stuck(undefined);
}

const minutes = (ms: number): number => Math.round(ms / 60_000);

function waitingInDatabase({ waiting, lastTakenMs, oldestMs }: WaitingJobs): string | undefined {
  const idleMs = oldestMs ?? lastTakenMs ?? Number.POSITIVE_INFINITY;
  if (waiting === 0 || idleMs <= STUCK_AFTER_MS) return undefined;
  if (oldestMs !== undefined) return `${waiting} jobs wait, the oldest for ${minutes(oldestMs)} minutes`;
  return `${waiting} jobs wait, none was taken ${lastTakenMs === undefined ? "yet" : `for ${minutes(lastTakenMs)} minutes`}`;
}

function lifelessness(state: SupervisedState, nowMs: number): string | undefined {
  const aliveAgo = state.aliveAgo ?? state.at - state.since;
  return isAtWork(state, nowMs) && aliveAgo > STUCK_ALIVE_S
    ? `it has done nothing for ${Math.round(aliveAgo / 60)} minutes`
    : undefined;
}
