import { createHash } from "node:crypto";
import pg from "pg";
import { CodedError } from "../base/errors.ts";
import { lostLock, type ServerLocks, serverAddress } from "./lock.ts";

/** A session whose client is cut off ends within half a minute, and its locks with it. */
const KEEPALIVE = "-c tcp_keepalives_idle=10 -c tcp_keepalives_interval=5 -c tcp_keepalives_count=3";

/** The session of the worker that had this run before holds its locks until it ends. */
const END_SESSIONS = `select pg_terminate_backend(pid, 5000) from pg_stat_activity
  where application_name = $1 and pid <> pg_backend_pid() and usename = current_user`;

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
  const held = new Set<string>();
  try {
    await client.connect();
    await client.query(END_SESSIONS, [name]);
    for (const address of [...new Set(urls.map(serverAddress))].toSorted()) {
      const { rows } = await client.query<{ got: boolean }>("select pg_try_advisory_lock($1) as got", [keyOf(address)]);
      if (!rows[0]?.got) {
        await end();
        return undefined;
      }
      held.add(address);
    }
  } catch (cause) {
    void end();
    throw new CodedError("GC2007", "the queue's engine did not give the locks of the servers", { cause });
  }
  return {
    async check(url) {
      if (!held.has(serverAddress(url))) throw lostLock(url);
      try {
        await client.query("select 1");
      } catch (cause) {
        throw lostLock(url, cause);
      }
    },
    async [Symbol.asyncDispose]() {
      await end();
    },
  };
}

/** Returns the key of a lock: 64 bits of a digest, as Postgres's signed number. */
const keyOf = (address: string): string => createHash("sha256").update(address).digest().readBigInt64BE().toString();
