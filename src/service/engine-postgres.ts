import { createPostgresBackend, runMigrations, withBackend } from "bullmq";
import pg from "pg";
import { CodedError } from "../base/errors.ts";
import { acquireAdvisoryLocks } from "./advisory-lock.ts";
import type { EngineContext, QueueEngine, QueueName, RunJob } from "./engine.ts";
import { createTables, postgresStore, SCHEMA } from "./store-postgres.ts";
import { FIRST_EVENT } from "./waiters.ts";

/** BullMQ has its tables in a schema of its own. */
const QUEUE_SCHEMA = `${SCHEMA}_queue`;
const { Queue, QueueEvents, Worker } = withBackend(createPostgresBackend);

const CONNECT_WITHIN_MS = 3_000;
const QUERY_WITHIN_MS = 3_000;
const MIGRATE_WITHIN_MS = 60_000;

/**
 * The client of each pool here, BullMQ's included: a pool listens to idle clients only, and a connection that is cut in the
 * middle of a query would end the process by its `error` event. The query itself fails, too.
 */
class Client extends pg.Client {
  constructor(config?: pg.ClientConfig) {
    super(config);
    this.on("error", () => {});
  }
}

/** Opens a Postgres as the engine of the queue: creates its tables, or brings them up to date. */
export async function openPostgresEngine(address: string, { clock, onError }: EngineContext): Promise<QueueEngine> {
  const config = {
    connectionString: address,
    connectionTimeoutMillis: CONNECT_WITHIN_MS,
    keepAlive: true,
    application_name: "glitchtip-compose service",
    Client,
  };
  const away = (cause: unknown) =>
    new CodedError("GC2007", "the queue's engine does not answer", {
      remedy: "Start the Postgres that --queue names, and let its user create schemas in the database.",
      cause,
    });
  await migrate(config).catch((cause: unknown) => {
    throw away(cause);
  });
  const pool = new pg.Pool({ ...config, query_timeout: QUERY_WITHIN_MS, max: 8 });
  pool.on("error", onError);
  const options = (max: number) => ({ connection: { ...config, schema: QUEUE_SCHEMA, max } });
  const open = (name: QueueName) => {
    const queue = new Queue<RunJob, void, string>(name, {
      connection: { ...options(4).connection, query_timeout: QUERY_WITHIN_MS },
    });
    queue.on("error", onError);
    return queue;
  };
  const queues = { plan: open("plan"), apply: open("apply") };
  return {
    store: postgresStore(pool, clock.now),
    queues,
    key: (...parts) => parts.join(":"),
    startWorker(name, run, settings) {
      const worker = new Worker<RunJob, void, string>(name, run, { ...options(4), ...settings });
      worker.on("error", onError);
      return worker;
    },
    openEvents(name) {
      const events = new QueueEvents(name, { ...options(2), lastEventId: FIRST_EVENT });
      events.on("error", onError);
      return events;
    },
    lockServers: (run, urls) => acquireAdvisoryLocks({ ...config, query_timeout: QUERY_WITHIN_MS }, run, urls),
    async ping() {
      try {
        await pool.query("select 1");
      } catch (cause) {
        throw away(cause);
      }
    },
    async [Symbol.asyncDispose]() {
      for (const closing of [...Object.values(queues).map((queue) => queue.close()), pool.end()]) {
        void closing.catch(onError);
      }
    },
  };
}

async function migrate(config: pg.PoolConfig): Promise<void> {
  const pool = new pg.Pool({ ...config, query_timeout: MIGRATE_WITHIN_MS, max: 1 });
  pool.on("error", () => {});
  try {
    const client = await pool.connect();
    try {
      await createTables(client);
      await runMigrations(client, QUEUE_SCHEMA);
    } finally {
      client.release();
    }
  } finally {
    await pool.end();
  }
}
