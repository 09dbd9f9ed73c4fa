import { join } from "node:path";
import { readIfThere, writeOne } from "../base/files.ts";
import type { CareSettings } from "../config/service-settings.ts";
import type { QueueMemory } from "./database-findings.ts";
import type { CareFinding } from "./finding.ts";
import type { Notice } from "./notify/notice.ts";
import type { ThrottleMemory } from "./notify/throttle.ts";
import type { RestartReason, RestartReport } from "./report.ts";
import { isAtWork, memoryPercent, type SupervisedState } from "./supervised.ts";

/** What the care service remembers between looks, also when its container is replaced. */
export interface CareMemory {
  readonly version: 1;
  readonly told: ThrottleMemory;
  /** For each finding the number of consecutive looks that found its problem. */
  readonly failing: Readonly<Record<string, number>>;
  readonly queue?: QueueMemory;
  /** Notices of events that happen once and could not be delivered yet. */
  readonly owed?: readonly { readonly channel: string; readonly notice: Notice }[];
  /** The time of each service's last restart for its memory or its health. */
  readonly restartedMs: Readonly<Record<string, number>>;
  /** Since when a scheduled restart has to wait. */
  readonly dueMs?: number;
}

const NOTHING: CareMemory = { version: 1, told: {}, failing: {}, restartedMs: {} };

const read = (path: string): Partial<CareMemory> => {
  try {
    return JSON.parse(readIfThere(path) ?? "{}");
  } catch {
    return {};
  }
};

export function readCareMemory(folder: string): CareMemory {
  const found = read(join(folder, "memory.json"));
  return found.version === 1 ? { ...NOTHING, ...found } : NOTHING;
}

export const writeCareMemory = (folder: string, memory: CareMemory): void =>
  writeOne(join(folder, "memory.json"), `${JSON.stringify(memory)}\n`, 0o600);

const KEPT_REPORTS = 20;

/** Returns the reports of the last restarts, newest first. */
export function readRestartReports(folder: string): readonly RestartReport[] {
  try {
    const found: unknown = JSON.parse(readIfThere(join(folder, "restarts.json")) ?? "[]");
    return Array.isArray(found) ? found : [];
  } catch {
    return [];
  }
}

export const addRestartReport = (folder: string, report: RestartReport): void =>
  writeOne(
    join(folder, "restarts.json"),
    `${JSON.stringify([report, ...readRestartReports(folder)].slice(0, KEPT_REPORTS), null, 1)}\n`,
    0o600,
  );

export interface WantedRestart {
  readonly reason: RestartReason;
  readonly services: readonly string[];
}

/** Another restart does not help a process that needs the same memory again at once. */
const LEAST_BETWEEN_RESTARTS_MS = 600_000;
/** For so long a scheduled restart waits for the database to be well, and for a backup to end. */
const GIVEN_UP_AFTER_MS = 3_600_000;
/** A single look may meet a peak. */
const FULL_LOOKS = 2;

/** The key under which consecutive looks at a full memory are counted. */
export const memoryKey = (service: string): string => `memory ${service}`;

/** Returns the services that may be restarted, in their order. */
export const restartableServices = ({ care, services }: CareSettings): string[] =>
  services.filter(({ role }) => care.restart?.services.includes(role) ?? true).map(({ service }) => service);

/** Returns the services above the declared limit at this look; of several that share one limit only the largest. */
export function servicesAboveLimit(
  settings: CareSettings,
  stateOf: (service: string) => SupervisedState | undefined,
  nowMs: number,
): string[] {
  const limit = settings.care.restart?.memoryPercent;
  if (limit === undefined) return [];
  const full = restartableServices(settings).flatMap((service) => {
    const state = stateOf(service);
    return isAtWork(state, nowMs) && (memoryPercent(state) ?? 0) >= limit ? [{ service, state }] : [];
  });
  const largest = Math.max(...full.map(({ state }) => state.memoryBytes ?? 0));
  return full
    .filter(({ state }) => state.containerBytes === undefined || (state.memoryBytes ?? 0) === largest)
    .map(({ service }) => service);
}

/** Returns what is to be restarted now. The schedule comes first: it restarts every service. */
export function wantedRestart(
  settings: CareSettings,
  memory: CareMemory,
  findings: readonly CareFinding[],
  nowMs: number,
): WantedRestart | undefined {
  const { restart } = settings.care;
  const all = restartableServices(settings);
  if (restart === undefined || all.length === 0) return undefined;
  if (memory.dueMs !== undefined) return { reason: "schedule", services: all };
  const rested = all.filter((service) => nowMs - (memory.restartedMs[service] ?? 0) >= LEAST_BETWEEN_RESTARTS_MS);
  const full = rested.filter((service) => (memory.failing[memoryKey(service)] ?? 0) >= FULL_LOOKS);
  if (full.length > 0) return { reason: "memory", services: full };
  if (!restart.unhealthy) return undefined;
  const sick = findings.filter(({ event, problem }) => problem && /^(service-unhealthy|queue-stuck)$/.test(event));
  const stuck = rested.filter((service) => sick.some(({ about }) => about === service));
  return stuck.length > 0 ? { reason: "unhealthy", services: stuck } : undefined;
}

export const isGivenUp = (dueMs: number | undefined, nowMs: number): boolean =>
  dueMs !== undefined && nowMs - dueMs > GIVEN_UP_AFTER_MS;
