import type { Container, Docker } from "../docker/index.ts";

/** Jobs in the database's queue: with a dead worker they only grow, and nothing else shows it (prototype 2). */
export type Backlog =
  | {
      readonly known: true;
      readonly waiting: number;
      /** Since the worker took its last job; undefined when it never took one. */
      readonly lastTakenMs?: number;
      readonly stuck: boolean;
    }
  | { readonly known: false; readonly stuck: false; readonly reason: string };

/** GlitchTip's scheduler adds a job at least every minute, so a living worker takes one that often. */
export const STUCK_AFTER_MS = 120_000;

/**
 * Kombu's "timestamp" is the time (UTC in the container) at which a job was taken; waiting ones have none, so their own
 * age cannot be asked (kombu.transport.sqlalchemy.models).
 */
export const JOBS_QUERY = `
select count(*) filter (where visible),
  floor(1000 * extract(epoch from (now() at time zone 'utc') - max("timestamp") filter (where not visible)))
from kombu_message`;

const WITHIN_MS = 10_000;

export async function readBacklog(docker: Docker, database: Container | undefined, nowMs: number): Promise<Backlog> {
  const unknown = (reason: string): Backlog => ({ known: false, stuck: false, reason });
  if (database?.state !== "running") return unknown("the database is not running");
  const psql = 'exec psql --no-psqlrc -U "$POSTGRES_USER" -d "$POSTGRES_DB" -v ON_ERROR_STOP=1 -At -f -';
  const result = await docker.cli(["exec", "-i", database.id, "sh", "-c", psql], {
    stdin: JOBS_QUERY,
    deadlineMs: WITHIN_MS,
  });
  if (result.code !== 0) {
    const missing = /kombu_message.* does not exist/.test(result.stderr);
    return unknown(missing ? "this server keeps no jobs in the database" : `psql ended with ${result.code}`);
  }
  const found = /^(\d+)\|(-?\d*)$/.exec(result.stdout.trim());
  if (found === null) return unknown("psql's answer is odd");
  const waiting = Number(found[1]);
  const lastTakenMs = found[2] ? Math.max(0, Number(found[2])) : undefined;
  const idleMs = lastTakenMs ?? nowMs - (database.sinceMs ?? nowMs);
  return {
    known: true,
    waiting,
    ...(lastTakenMs === undefined ? {} : { lastTakenMs }),
    stuck: waiting > 0 && idleMs > STUCK_AFTER_MS,
  };
}
