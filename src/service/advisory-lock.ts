import { createHash, randomUUID } from "node:crypto";
import pg from "pg";
import { CodedError } from "../base/errors.ts";
import { LOCK_MS, lostLock, type ServerLocks, serverAddress } from "./lock.ts";
import { SCHEMA } from "./store-postgres.ts";

/** A session whose client is cut off ends within half a minute, and its locks with it. */
const KEEPALIVE = "-c tcp_keepalives_idle=10 -c tcp_keepalives_interval=5 -c tcp_keepalives_count=3";

/** The session of the worker that had this run before holds its locks until it ends. */
const END_SESSIONS = `select pg_terminate_backend(pid, 5000) from pg_stat_activity
  where application_name = $1 and pid <> pg_backend_pid() and usename = current_user`;

const UNTIL = `now() + interval '${LOCK_MS} milliseconds'`;

/**
 * The session of a run may end before the run does, and a request that was under way is still executed by the server. So an
 * entry reserves the server for the run, which another run may replace only once it has expired.
 */
const RESERVE = `insert into ${SCHEMA}.entry as e (key, value, expires_at) values ($1, $2, ${UNTIL})
  on conflict (key) do update set value = excluded.value, expires_at = excluded.expires_at
  where e.expires_at <= now() or starts_with(e.value, $3)`;
/** Renews the entry once a minute. */
const CHECK = `with renewed as (
    update ${SCHEMA}.entry set expires_at = ${UNTIL}
    where key = $1 and value = $2 and expires_at < ${UNTIL} - interval '1 minute'
  ) select 1 from ${SCHEMA}.entry where key = $1 and value = $2`;
const RELEASE = `delete from ${SCHEMA}.entry where key = any($1) and value = $2`;

/**
 * Takes the advisory locks of servers in a session that only this run has, or none of them: returns undefined while another
 * run holds one. The locks last as long as the session, and a run that is taken over has a new one.
 */
export async function acquireAdvisoryLocks(
  config: pg.ClientConfig,
  run: string,
  urls: readonly string[],
): Promise<ServerLocks | undefined> {
  const name = `glitchtip-compose run ${run}`.slice(0, 63);
  const client = new pg.Client({ ...config, application_name: name, options: KEEPALIVE });
  // What is lost is noticed by the next check; without this listener it would end the process.
  client.on("error", () => {});
  const end = () => client.end().catch(() => undefined);
  const held = new Map<string, string>();
  const value = `${run}:${randomUUID()}`;
  const release = (by: pg.Client) => by.query(RELEASE, [[...held.values()], value]);
  try {
    await client.connect();
    await client.query(END_SESSIONS, [name]);
    for (const address of [...new Set(urls.map(serverAddress))].toSorted()) {
      const { rows } = await client.query<{ got: boolean }>("select pg_try_advisory_lock($1) as got", [keyOf(address)]);
      const entry = entryOf(address);
      if (!rows[0]?.got || (await client.query(RESERVE, [entry, value, `${run}:`])).rowCount === 0) {
        await release(client);
        await end();
        return undefined;
      }
      held.set(address, entry);
    }
  } catch (cause) {
    void end();
    throw new CodedError("GC2007", "the queue's engine did not grant the locks of the servers", { cause });
  }
  let isLeft = false;
  return {
    leave() {
      isLeft = true;
    },
    async check(url) {
      const entry = held.get(serverAddress(url));
      if (entry === undefined) throw lostLock(url);
      const { rowCount } = await client.query(CHECK, [entry, value]).catch((cause: unknown) => {
        throw lostLock(url, cause);
      });
      if (rowCount === 0) throw lostLock(url);
    },
    async [Symbol.asyncDispose]() {
      // What cannot be released expires.
      if (!isLeft) await release(client).catch(() => inNewSession(config, release).catch(() => undefined));
      await end();
    },
  };
}

async function inNewSession(config: pg.ClientConfig, work: (client: pg.Client) => Promise<unknown>): Promise<void> {
  const client = new pg.Client(config);
  client.on("error", () => {});
  try {
    await client.connect();
    await work(client);
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** Returns the key of the entry that reserves a server. */
const entryOf = (address: string): string => `lock:${createHash("sha256").update(address).digest("hex").slice(0, 32)}`;

/** Returns the key of a lock: 64 bits of a digest, as Postgres's signed number. */
const keyOf = (address: string): string => createHash("sha256").update(address).digest().readBigInt64BE().toString();
