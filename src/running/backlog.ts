import type { ResolvedServer } from "../config/server.ts";
import type { Container, Docker } from "../docker/index.ts";
import type { JobQueue } from "../glitchtip/versions.ts";

/** Jobs in the database's queue: with a dead worker they only grow, and nothing else shows it (prototype 2). */
export type Backlog =
  | ({ readonly known: true; readonly stuck: boolean } & WaitingJobs)
  | { readonly known: false; readonly stuck: false; readonly reason: string };

export interface WaitingJobs {
  readonly waiting: number;
  /** Celery: since the worker took its last job; undefined when it never took one. */
  readonly lastTakenMs?: number;
  /** django-vtasks: for how long the oldest of them could have been taken. */
  readonly oldestMs?: number;
}

/** GlitchTip's scheduler adds a job at least every minute, so a living worker takes one that often. */
export const STUCK_AFTER_MS = 120_000;

interface QueueTable {
  readonly table: string;
  /** One row: how many wait, and the milliseconds of `age`. */
  readonly query: string;
  readonly age: "lastTakenMs" | "oldestMs";
}

/**
 * Kombu's "timestamp" is the time (UTC in the container) at which a job was taken; waiting ones have none, so their own
 * age cannot be asked (kombu.transport.sqlalchemy.models). django-vtasks deletes what is done, and its column for later
 * jobs came with version 3: where it is missing, the name is that of the row beside it (run with 2.1, read of 0.2 to 3.2).
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

/** Where jobs are in the database: how they are kept there. */
export const queueInDatabase = (server: ResolvedServer | undefined): JobQueue | undefined =>
  server === undefined || server.valkey ? undefined : server.capabilities.jobQueue;

/** From the query's row. */
export const waitingJobs = (queue: JobQueue, waiting: string, ageMs: string | null | undefined): WaitingJobs => ({
  waiting: Number(waiting),
  ...(ageMs ? { [QUEUE_TABLES[queue].age]: Math.max(0, Number(ageMs)) } : {}),
});

const WITHIN_MS = 10_000;

export async function readBacklog(
  docker: Docker,
  database: Container | undefined,
  queue: JobQueue,
  nowMs: number,
): Promise<Backlog> {
  const unknown = (reason: string): Backlog => ({ known: false, stuck: false, reason });
  if (database?.state !== "running") return unknown("the database is not running");
  const { query, table } = QUEUE_TABLES[queue];
  const psql = 'exec psql --no-psqlrc -U "$POSTGRES_USER" -d "$POSTGRES_DB" -v ON_ERROR_STOP=1 -At -f -';
  const result = await docker.cli(["exec", "-i", database.id, "sh", "-c", psql], {
    stdin: query,
    deadlineMs: WITHIN_MS,
  });
  if (result.code !== 0) {
    const missing = new RegExp(`${table}.* does not exist`).test(result.stderr);
    return unknown(missing ? "this server keeps no jobs in the database" : `psql ended with ${result.code}`);
  }
  const found = /^(\d+)\|(-?\d*)$/.exec(result.stdout.trim());
  if (found === null) return unknown("psql's answer is odd");
  const jobs = waitingJobs(queue, found[1] ?? "", found[2]);
  const idleMs = jobs.oldestMs ?? jobs.lastTakenMs ?? nowMs - (database.sinceMs ?? nowMs);
  return { known: true, ...jobs, stuck: jobs.waiting > 0 && idleMs > STUCK_AFTER_MS };
}
