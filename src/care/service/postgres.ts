import pg from "pg";
import { defined } from "../../base/defined.ts";
import type { JobQueue } from "../../glitchtip/versions.ts";
import { DATABASE_STARTED_MS, QUEUE_TABLES, waitingJobs } from "../../running/index.ts";
import { PARTITIONS_QUERY, partitionedTables } from "../database-findings.ts";
import type { DatabaseLook, Probes } from "../probes.ts";

const CONNECT_WITHIN_MS = 5_000;
const QUERY_WITHIN_MS = 10_000;
/** The advisory lock that templates/init/gate.py holds while it migrates. */
const INIT_LOCK = 7_221_902_514;

const BUSY_QUERY = `
select case application_name when 'pg_dump' then 'a backup' when 'pg_restore' then 'a restore' end as what
from pg_stat_activity where application_name in ('pg_dump', 'pg_restore') limit 1`;
const PRUNE_JOBS_QUERY = `delete from kombu_message
  where not visible and "timestamp" < (now() at time zone 'utc') - interval '1 day'`;
const STARTED_QUERY = `select ${DATABASE_STARTED_MS}::bigint::text as ms`;
const CONNECTIONS_QUERY = "select count(*)::int as count from pg_stat_activity where backend_type = 'client backend'";

/** Opens a connection for each question: one that is kept would not tell whether new ones are accepted. */
export function postgresProbes(
  config: pg.ClientConfig,
  queue: JobQueue | undefined,
): Pick<Probes, "database" | "alone"> {
  async function connected<T>(act: (client: pg.Client) => Promise<T>): Promise<T> {
    const client = new pg.Client({
      application_name: "glitchtip-care",
      connectionTimeoutMillis: CONNECT_WITHIN_MS,
      query_timeout: QUERY_WITHIN_MS,
      options: "-c TimeZone=UTC",
      ...config,
    });
    // A broken connection is reported by the query that needs it; without this listener it would end the process.
    client.on("error", () => {});
    try {
      await client.connect();
      return await act(client);
    } finally {
      await client.end().catch(() => undefined);
    }
  }
  return {
    database: () =>
      connected(async (client): Promise<DatabaseLook> => {
        const connections = (await client.query<{ count: number }>(CONNECTIONS_QUERY)).rows[0]?.count ?? 0;
        const busy = (await client.query<{ what: string }>(BUSY_QUERY)).rows[0]?.what;
        const started = (await client.query<{ ms: string }>(STARTED_QUERY)).rows[0]?.ms;
        const startedMs = started === undefined ? undefined : Number(started);
        const partitions = await client.query<{ table: string; end: string | null }>(PARTITIONS_QUERY);
        const jobs = queue && (await jobsOf(client, queue));
        return defined({ connections, busy, jobs, startedMs, partitions: partitionedTables(partitions.rows) });
      }),
    alone: (act) =>
      connected(async (client) => {
        const { rows } = await client.query<{ got: boolean }>("select pg_try_advisory_lock($1) as got", [INIT_LOCK]);
        return rows[0]?.got ? await act() : undefined;
      }),
  };
}

async function jobsOf(client: pg.Client, queue: JobQueue): Promise<DatabaseLook["jobs"]> {
  const { table, query } = QUEUE_TABLES[queue];
  const there = await client.query<{ there: boolean }>("select to_regclass($1) is not null as there", [table]);
  if (!there.rows[0]?.there) return undefined;
  // Celery keeps the jobs that it has taken, and with them the contents of all events.
  if (queue === "celery") await client.query(PRUNE_JOBS_QUERY);
  const { rows } = await client.query<[string, string | null]>({ text: query, rowMode: "array" });
  const [waiting, ageMs] = rows[0] ?? ["0", null];
  return waitingJobs(queue, waiting, ageMs);
}
