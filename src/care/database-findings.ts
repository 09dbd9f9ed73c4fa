import { counted, countedDoing } from "../base/counted.ts";
import type { CareSettings } from "../config/service-settings.ts";
import { OUTLIVED, STUCK_AFTER_MS, type WaitingJobs } from "../running/index.ts";
import { type CareFinding, logsCommand, partsOf, UNHEALTHY_AFTER_LOOKS } from "./finding.ts";
import type { Look } from "./look.ts";
import type { Probes } from "./probes.ts";
import { isAtWork, type SupervisedState } from "./supervised.ts";

/** A table that is partitioned by time. GlitchTip's scheduler creates the coming partitions and drops the old ones. */
export interface PartitionedTable {
  readonly table: string;
  /** The ends of the oldest and of the newest partition. */
  readonly firstEndMs: number;
  readonly lastEndMs: number;
}

/** Selects the upper bound of each range partition, which Postgres prints as text (pg_get_expr). */
export const PARTITIONS_QUERY = `
select parent.oid::regclass::text as "table",
  substring(pg_get_expr(child.relpartbound, child.oid) from 'TO \\(''([^'']+)''\\)') as "end"
from pg_inherits
join pg_class parent on parent.oid = inhparent and parent.relkind = 'p'
join pg_class child on child.oid = inhrelid and child.relpartbound is not null`;

const DAY_MS = 86_400_000;
/** Tables that generation 6 archived when it migrated the data of an older one. Nothing drops their partitions. */
const ARCHIVED = /_archive$/;
/** Up to 5.2 GlitchTip keeps a project's hourly statistics four times as long as its events (read in its source). */
const KEPT_LONGER = /^projects_\w+hourlystatistic$/;
const LONGER_FACTOR = 4;
/** Old partitions are dropped by a daily job. A week allows for a few failed ones. */
const SLACK_DAYS = 7;

/** Parses the rows of the query, whose session is in UTC. Skips partitions by number or list, which have no time. */
export function partitionedTables(
  rows: readonly { readonly table: string; readonly end: string | null }[],
): PartitionedTable[] {
  const ends = new Map<string, number[]>();
  for (const { table, end } of rows) {
    const endMs = end === null || ARCHIVED.test(table) ? undefined : endOf(end);
    if (endMs !== undefined) ends.set(table, [...(ends.get(table) ?? []), endMs]);
  }
  return [...ends].map(([table, all]) => ({ table, firstEndMs: Math.min(...all), lastEndMs: Math.max(...all) }));
}

/** Parses a bound: a time, or in generation 6 a UUIDv7, which begins with its epoch milliseconds. */
function endOf(text: string): number | undefined {
  const uuid = /^([0-9a-f]{8})-([0-9a-f]{4})-7[0-9a-f]{3}-/.exec(text);
  if (uuid !== null) return Number.parseInt(`${uuid[1]}${uuid[2]}`, 16);
  const time = /^(\d{4}-\d\d-\d\d)(?: (\d\d:\d\d:\d\d(?:\.\d+)?)(?:\+00)?)?$/.exec(text);
  return time === null ? undefined : Date.parse(`${time[1]}T${time[2] ?? "00:00:00"}Z`);
}

/** Returns a line for each table without a partition for tomorrow, or with one that should have been dropped. */
export function partitionProblems(tables: readonly PartitionedTable[], retentionDays: number, nowMs: number): string[] {
  const tomorrowEndsMs = Math.floor(nowMs / DAY_MS) * DAY_MS + 2 * DAY_MS;
  const keptDays = (table: string) => (KEPT_LONGER.test(table) ? LONGER_FACTOR * retentionDays : retentionDays);
  const day = (ms: number) => new Date(ms).toISOString().slice(0, 10);
  return tables.flatMap(({ table, firstEndMs, lastEndMs }) => [
    ...(lastEndMs < tomorrowEndsMs ? [`${table} has partitions until ${day(lastEndMs)} only: none for tomorrow`] : []),
    ...(firstEndMs < nowMs - (keptDays(table) + SLACK_DAYS) * DAY_MS
      ? [
          `${table} still has a partition that ended on ${day(firstEndMs)}, though nothing in it is kept for more than ${counted(keptDays(table), "day")}`,
        ]
      : []),
  ]);
}

export function partitionsFinding(
  tables: readonly PartitionedTable[],
  settings: CareSettings,
  nowMs: number,
): CareFinding {
  const problems = partitionProblems(tables, settings.retentionDays, nowMs);
  const finding: CareFinding = { event: "partitions-failed", about: "partitions" };
  if (problems.length === 0) return finding;
  const remedy = `${logsCommand(partsOf(settings).worker)}; npx glitchtip-compose migrate creates the next ones`;
  return { ...finding, problem: problems.join("; "), remedy };
}

/** A worker that has not touched its file for so long is stuck. */
const STUCK_ALIVE_S = STUCK_AFTER_MS / 1_000;

/** Since when the number of jobs in Valkey has not become smaller. It is remembered from one look to the next. */
export interface QueueMemory {
  readonly waiting: number;
  readonly sinceMs: number;
}

export const queueMemory = (before: QueueMemory | undefined, waiting: number, nowMs: number): QueueMemory =>
  before !== undefined && waiting > 0 && waiting >= before.waiting
    ? { waiting, sinceMs: before.sinceMs }
    : { waiting, sinceMs: nowMs };

/** Finds a worker that takes no jobs, which no health check shows. */
export function queueFinding(
  settings: CareSettings,
  probes: Probes,
  look: Look,
  queue: QueueMemory | undefined,
  nowMs: number,
): CareFinding[] {
  const about = settings.worker;
  const stuck = (problem: string | undefined): CareFinding[] => [
    {
      event: "queue-stuck",
      about,
      // A new database does not tell when its worker began.
      ...(look.database?.jobs?.lastTakenMs === undefined && { patience: UNHEALTHY_AFTER_LOOKS }),
      ...(problem !== undefined && { problem, remedy: logsCommand(about) }),
    },
  ];
  // The worker of generation 6, where it is a process of its own, also touches a file while it works.
  const worker = settings.services.find(({ role }) => role === "worker");
  const running = worker && probes.service(worker.service);
  const state = worker?.aliveFile ? running : undefined;
  const inactive = state && inactivity(state, nowMs);
  if (inactive !== undefined) return stuck(inactive);
  const { jobs, startedMs = 0 } = look.database ?? {};
  const outlives = settings.jobs === "database" && settings.jobQueue === "celery" && isOlder(running, startedMs);
  if (outlives) return stuck(OUTLIVED);
  if (settings.jobs === "database" && jobs !== undefined) return stuck(waitingInDatabase(jobs));
  if (settings.jobs === "valkey" && queue !== undefined) {
    const idleMs = nowMs - queue.sinceMs;
    return stuck(
      queue.waiting > 0 && idleMs > STUCK_AFTER_MS
        ? `${countedDoing(queue.waiting, "job", "wait")}, and the queue has not become shorter for ${minutes(idleMs)} minutes`
        : undefined,
    );
  }
  return state === undefined ? [] : stuck(undefined);
}

const isOlder = (state: SupervisedState | undefined, thanMs: number): boolean =>
  state !== undefined && state.since * 1_000 < thanMs;

const minutes = (ms: number): number => Math.round(ms / 60_000);

function waitingInDatabase({ waiting, lastTakenMs, oldestMs }: WaitingJobs): string | undefined {
  const idleMs = oldestMs ?? lastTakenMs ?? Number.POSITIVE_INFINITY;
  if (waiting === 0 || idleMs <= STUCK_AFTER_MS) return undefined;
  if (oldestMs !== undefined)
    return `${countedDoing(waiting, "job", "wait")}, the oldest for ${minutes(oldestMs)} minutes`;
  return `${countedDoing(waiting, "job", "wait")}, none was taken ${lastTakenMs === undefined ? "yet" : `for ${minutes(lastTakenMs)} minutes`}`;
}

function inactivity(state: SupervisedState, nowMs: number): string | undefined {
  const aliveAgo = state.aliveAgo ?? state.at - state.since;
  return isAtWork(state, nowMs) && aliveAgo > STUCK_ALIVE_S
    ? `it has done nothing for ${Math.round(aliveAgo / 60)} minutes`
    : undefined;
}
