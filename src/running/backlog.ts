import { countedDoing } from "../base/counted.ts";
import { defined } from "../base/defined.ts";
import type { ResolvedServer } from "../config/server.ts";
import type { Docker } from "../docker/index.ts";
import type { JobQueue } from "../glitchtip/versions.ts";
import { WORKER } from "../stack/service-names.ts";
import { containerOf, databaseContainerOf, type RunningStack } from "./observe.ts";

/** Jobs that wait in the database's queue: a growing number is the only sign of a dead worker (docs/glitchtip-facts.md). */
export type Backlog =
  | ({ readonly known: true; readonly stuck: boolean; readonly problem?: string } & WaitingJobs)
  | { readonly known: false; readonly stuck: false; readonly reason: string };

export interface WaitingJobs {
  readonly waiting: number;
  /** For Celery, the time since the worker took its last job; undefined when it never took one. */
  readonly lastTakenMs?: number;
  /** For django-vtasks, the time for which the oldest job could have been taken. */
  readonly oldestMs?: number;
}

/** A living worker takes a job at least every minute, because GlitchTip's scheduler adds one that often. */
export const STUCK_AFTER_MS = 120_000;

interface QueueTable {
  readonly table: string;
  /** Returns one row: the number of waiting jobs, and the milliseconds of `age`. */
  readonly query: string;
  readonly age: "lastTakenMs" | "oldestMs";
}

/**
 * Kombu's "timestamp" is the time (UTC in the container) at which a job was taken; waiting jobs have none, so their own
 * age is unknown (kombu.transport.sqlalchemy.models). django-vtasks deletes finished jobs. Its column `run_after` came
 * with version 3: the alias `same` makes an older table read null from the join instead (run with 2.1, read of 0.2 to 3.2).
 */
export const QUEUE_TABLES: Readonly<Record<JobQueue, QueueTable>> = {
  celery: {
    table: "kombu_message",
    query: `
select count(*) filter (where visible),
  floor(1000 * extract(epoch from (now() at time zone 'utc') - max("timestamp") filter (where not visible)))
from kombu_message`,
    age: "lastTakenMs",
  },
  vtasks: {
    table: "db_queuedtask",
    query: `
select count(*), floor(1000 * extract(epoch from now() - min(greatest(created_at, due))))
from (
  select created_at, (select run_after from db_queuedtask same where same.id = task.id) as due
  from db_queuedtask task, (values (null::timestamptz)) as older (run_after)
  where status = 'QUEUED'
) queued
where due is null or due <= now()`,
    age: "oldestMs",
  },
};

/**
 * When the database last started, in milliseconds. After a crash of one of its processes Postgres starts the others again
 * inside of its container, whose own start is older then; other accounts than its superuser do not see that.
 */
export const DATABASE_STARTED_MS = `floor(1000 * extract(epoch from greatest(pg_postmaster_start_time(),
  (select max(backend_start) from pg_stat_activity where backend_type = 'checkpointer'))))`;

/** The kind of job queue in the database; undefined when the queue is in Valkey, or the server is not ours. */
export const queueInDatabase = (server: ResolvedServer | undefined): JobQueue | undefined =>
  server === undefined || server.valkey ? undefined : server.capabilities.jobQueue;

/** Converts the row that the query of this queue returns. */
export function waitingJobs(queue: JobQueue, waiting: string, ageMs: string | null | undefined): WaitingJobs {
  const jobs: WaitingJobs = { waiting: Number(waiting) };
  return ageMs ? { ...jobs, [QUEUE_TABLES[queue].age]: Math.max(0, Number(ageMs)) } : jobs;
}

const WITHIN_MS = 10_000;

/** The reason where the queue is elsewhere: the server has a Valkey of its own, or no worker has run yet. */
export const NO_QUEUE_TABLE = "this server keeps no jobs in the database";

/**
 * Asks the database how many jobs wait, and whether the worker still stores what it takes. An unreadable queue is an answer
 * too.
 */
export async function readBacklog(
  docker: Docker,
  stack: RunningStack,
  queue: JobQueue,
  nowMs: number,
): Promise<Backlog> {
  const unknown = (reason: string): Backlog => ({ known: false, stuck: false, reason });
  const database = databaseContainerOf(stack);
  if (database?.state !== "running") return unknown("the database is not running");
  const { query, table } = QUEUE_TABLES[queue];
  const psql = 'exec psql --no-psqlrc -U "$POSTGRES_USER" -d "$POSTGRES_DB" -v ON_ERROR_STOP=1 -At -f -';
  const result = await docker.cli(["exec", "-i", database.id, "sh", "-c", psql], {
    // A table that is not there would be an error in Postgres's log.
    stdin: `select to_regclass('${table}') is not null as there \\gset\n\\if :there\n${query};\nselect ${DATABASE_STARTED_MS};\n\\endif\n`,
    deadlineMs: WITHIN_MS,
  });
  if (result.code !== 0) return unknown(`psql ended with ${result.code}`);
  const [row = "", startedMs] = result.stdout.trim().split("\n");
  if (row === "") return unknown(NO_QUEUE_TABLE);
  const found = /^(\d+)\|(-?\d*)$/.exec(row);
  if (found === null) return unknown("psql's answer cannot be read");
  const jobs = waitingJobs(queue, found[1] ?? "", found[2]);
  const idleMs = jobs.oldestMs ?? jobs.lastTakenMs ?? nowMs - (database.sinceMs ?? nowMs);
  const problem =
    queue === "celery" && workerOutlivesDatabase(stack, startedMs === undefined ? undefined : Number(startedMs))
      ? OUTLIVED
      : jobs.waiting > 0 && idleMs > STUCK_AFTER_MS
        ? `${countedDoing(jobs.waiting, "job", "wait")} and none is taken`
        : undefined;
  return { known: true, ...jobs, stuck: problem !== undefined, ...defined({ problem }) };
}

/**
 * Celery without Valkey goes on to take jobs after its database was restarted, and stores no event any more (run on 5.2:
 * docs/sizing.md, "What a killed process may lose"). The jobs that it takes look like those of a worker that is well.
 */
export const OUTLIVED = "the worker was started before its database and may store no events any more";

/** `startedMs` is the database's own start, where it was asked for it. */
export function workerOutlivesDatabase(stack: RunningStack, startedMs = 0): boolean {
  const database = databaseContainerOf(stack);
  const worker = containerOf(stack, WORKER);
  if (database?.state !== "running" || worker?.state !== "running") return false;
  return (worker.sinceMs ?? 0) < Math.max(database.sinceMs ?? 0, startedMs);
}
