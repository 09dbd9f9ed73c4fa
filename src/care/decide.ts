import type { CareSettings } from "../config/service-settings.ts";
import type { Finding } from "./findings.ts";
import type { CareMemory } from "./memory.ts";
import type { RestartReason } from "./report.ts";
import { isAtWork, memoryPercent, type SupervisedState } from "./supervised.ts";

export interface WantedRestart {
  readonly reason: RestartReason;
  readonly services: readonly string[];
}

/** A process that needs as much again at once is not helped by another restart. */
const REST_MS = 600_000;
/** A restart by schedule waits so long for the database to be well and for a backup to end. */
const GIVEN_UP_AFTER_MS = 3_600_000;
/** One look may meet a peak. */
export const HIGH_LOOKS = 2;

export const memoryKey = (service: string): string => `memory ${service}`;

/** Which of the services may be restarted, in their order. */
export const mayRestart = ({ care, services }: CareSettings): string[] =>
  services.filter(({ role }) => care.restart?.services.includes(role) ?? true).map(({ service }) => service);

/** Services that are above the declared limit at this look; of several with one limit the largest. */
export function aboveLimit(
  settings: CareSettings,
  stateOf: (service: string) => SupervisedState | undefined,
  nowMs: number,
): string[] {
  const limit = settings.care.restart?.memoryPercent;
  if (limit === undefined) return [];
  const full = mayRestart(settings).flatMap((service) => {
    const state = stateOf(service);
    return isAtWork(state, nowMs) && (memoryPercent(state) ?? 0) >= limit ? [{ service, state }] : [];
  });
  const largest = Math.max(...full.map(({ state }) => state.memoryBytes ?? 0));
  return full
    .filter(({ state }) => state.containerBytes === undefined || (state.memoryBytes ?? 0) === largest)
    .map(({ service }) => service);
}

/** What is to be restarted now; the schedule first, because it takes care of the others, too. */
export function wantedRestart(
  settings: CareSettings,
  memory: CareMemory,
  findings: readonly Finding[],
  nowMs: number,
): WantedRestart | undefined {
  const { restart } = settings.care;
  const all = mayRestart(settings);
  if (restart === undefined || all.length === 0) return undefined;
  if (memory.dueMs !== undefined) return { reason: "schedule", services: all };
  const rested = all.filter((service) => nowMs - (memory.restartedMs[service] ?? 0) >= REST_MS);
  const full = rested.filter((service) => (memory.failing[memoryKey(service)] ?? 0) >= HIGH_LOOKS);
  if (full.length > 0) return { reason: "memory", services: full };
  if (!restart.unhealthy) return undefined;
  const sick = findings.filter(({ event, problem }) => problem && /^(service-unhealthy|queue-stuck)$/.test(event));
  const stuck = rested.filter((service) => sick.some(({ about }) => about === service));
  return stuck.length > 0 ? { reason: "unhealthy", services: stuck } : undefined;
}

export const isGivenUp = (dueMs: number | undefined, nowMs: number): boolean =>
  dueMs !== undefined && nowMs - dueMs > GIVEN_UP_AFTER_MS;
