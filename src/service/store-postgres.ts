import type { Pool, PoolClient } from "pg";
import type { KeyValueStore } from "./store.ts";

export const SCHEMA = "glitchtip_compose";

/** One process after the other creates the tables. */
const SCHEMA_LOCK = 7_221_902_515;

const TABLES = `
create schema if not exists ${SCHEMA};
create table if not exists ${SCHEMA}.entry (
  key text primary key, value text not null, expires_at timestamptz, list text, rank bigint
);
create index if not exists entry_list on ${SCHEMA}.entry (list, rank desc) where list is not null;
create index if not exists entry_expires_at on ${SCHEMA}.entry (expires_at) where expires_at is not null;
create table if not exists ${SCHEMA}.event (
  id bigint generated always as identity primary key, stream text not null, at timestamptz not null default now(),
  event json not null
);`;

/** Creates what is missing of the tables. */
export async function createTables(client: PoolClient): Promise<void> {
  await client.query("begin");
  await client.query("select pg_advisory_xact_lock($1)", [SCHEMA_LOCK]);
  await client.query(TABLES);
  await client.query("commit");
}

const VALID = "(expires_at is null or expires_at > now())";
/** The second parameter after the value: seconds, or null. */
const until = (nth: number) => `now() + make_interval(secs => $${nth}::double precision)`;

const SET = `insert into ${SCHEMA}.entry as e (key, value, expires_at) values ($1, $2, ${until(3)})
  on conflict (key) do update set value = excluded.value, expires_at = excluded.expires_at`;
const SET_IF_ABSENT = `insert into ${SCHEMA}.entry as e (key, value, expires_at) values ($1, $2, ${until(3)})
  on conflict (key) do update set
    value = case when e.expires_at <= now() then excluded.value else e.value end,
    expires_at = case when e.expires_at <= now() then excluded.expires_at else e.expires_at end
  returning value`;
const INCREMENT = `insert into ${SCHEMA}.entry as e (key, value) values ($1, '1')
  on conflict (key) do update set value = (e.value::bigint + 1)::text returning value`;
const PUT_LISTED = `with removed as (delete from ${SCHEMA}.entry where key = any($6::text[]))
  insert into ${SCHEMA}.entry (key, value, expires_at, list, rank) values ($1, $2, ${until(3)}, $4, $5)
  on conflict (key) do update set
    value = excluded.value, expires_at = excluded.expires_at, list = excluded.list, rank = excluded.rank`;
const APPEND = `with added as (
    insert into ${SCHEMA}.event (stream, event) select $1, one::json from unnest($2::text[]) with ordinality as given (one, nth)
    order by nth returning id
  )
  delete from ${SCHEMA}.event where stream = $1 and id <= (select max(id) from added) - $3::bigint`;
const PURGE = `delete from ${SCHEMA}.entry where expires_at <= now()`;
const PURGE_EVERY_MS = 60_000;

/** Keeps values in tables of a Postgres. */
export function postgresStore(pool: Pool, now: () => number): KeyValueStore {
  let purgedMs = now();
  const query = async (text: string, ...values: readonly unknown[]) => {
    const { rows, rowCount } = await pool.query<{ value: string }>(text, [...values]);
    return { values: rows.map(({ value }) => value), count: rowCount ?? 0 };
  };
  const purge = async () => {
    if (now() - purgedMs < PURGE_EVERY_MS) return;
    purgedMs = now();
    await query(PURGE);
  };
  const get = async (key: string) =>
    (await query(`select value from ${SCHEMA}.entry where key = $1 and ${VALID}`, key)).values[0];
  const set = async (key: string, value: string, seconds?: number) => {
    await purge();
    await query(SET, key, value, seconds ?? null);
  };
  return {
    get,
    async getBytes(key) {
      const text = await get(key);
      return text === undefined ? undefined : Buffer.from(text, "base64");
    },
    setBytes: (key, value, seconds) => set(key, value.toString("base64"), seconds),
    async getAll(keys) {
      if (keys.length === 0) return [];
      const text = `select key, value from ${SCHEMA}.entry where key = any($1) and ${VALID}`;
      const { rows } = await pool.query<{ key: string; value: string }>(text, [keys]);
      const found = new Map(rows.map(({ key, value }) => [key, value]));
      return keys.map((key) => found.get(key));
    },
    set,
    async setAll(entries) {
      for (const [key, value] of entries) await set(key, value);
    },
    setIfAbsent: async (key, value, seconds) => (await query(SET_IF_ABSENT, key, value, seconds)).values[0] ?? value,
    async replaceIf(key, from, to, seconds) {
      const where = `where key = $1 and value = $2 and ${VALID}`;
      const { count } =
        to === undefined
          ? await query(`delete from ${SCHEMA}.entry ${where}`, key, from)
          : await query(
              `update ${SCHEMA}.entry set value = $3, expires_at = ${until(4)} ${where}`,
              key,
              from,
              to,
              seconds ?? null,
            );
      return count > 0;
    },
    increment: async (key) => Number((await query(INCREMENT, key)).values[0]),
    async putListed({ list, key, value, seconds, rank, remove = [] }) {
      await purge();
      await query(PUT_LISTED, key, value, seconds ?? null, list, rank, [...remove]);
    },
    newest: async (list, limit) => {
      const text = `select value from ${SCHEMA}.entry where list = $1 and ${VALID} order by rank desc limit $2`;
      return (await query(text, list, limit)).values;
    },
    async append(stream, values, kept) {
      await query(APPEND, stream, [...values], kept);
    },
  };
}
