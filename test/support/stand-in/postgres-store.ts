import { type ClientBase, Pool } from "pg";
import { DatabaseError } from "../../../src/emulator/reply.ts";
import type { PendingEventRow } from "../../../src/emulator/rows.ts";
import type { Store } from "../../../src/emulator/state.ts";
import { EmulatorState } from "../../../src/emulator/state.ts";
import type { DatabaseSettings } from "./settings.ts";

const CONNECT_WITHIN_MS = 3_000;
const BATCH = 100;
const MIGRATION_LOCK = 720_051;

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS stand_in_state (id int PRIMARY KEY, version text NOT NULL, document jsonb NOT NULL);
  CREATE TABLE IF NOT EXISTS stand_in_pending (id bigserial PRIMARY KEY, event jsonb NOT NULL);
  INSERT INTO stand_in_state VALUES (1, gen_random_uuid(), '{}') ON CONFLICT DO NOTHING;
`;

interface StateRow {
  readonly version: string;
  readonly document: Record<string, unknown> | null;
}

/**
 * Stores the state as one document in Postgres, and the events that wait for the worker in a second table. Web and worker
 * are separate processes: a writer locks the row, and a reader compares its version. The version is random, so that a
 * restored database is noticed, too.
 */
export class PostgresStore implements Store {
  readonly #pool: Pool;
  readonly #state = new EmulatorState();
  #version: string | undefined;
  #last: Promise<unknown> = Promise.resolve();

  constructor(database: DatabaseSettings) {
    this.#pool = new Pool({ ...database, max: 2, connectionTimeoutMillis: CONNECT_WITHIN_MS });
    // The next query reports a broken idle connection.
    this.#pool.on("error", () => {});
  }

  use<Result>(writes: boolean, act: (state: EmulatorState) => Result): Promise<Result> {
    return this.#inTurn(() =>
      this.#connected(async (client) => {
        if (!writes) {
          await this.#load(client, "");
          return act(this.#state);
        }
        return this.#locked(client, () => act(this.#state));
      }),
    );
  }

  /** Runs one round of the worker: `write` finds the waiting events in `state.pending`. Resolves to their number. */
  work(write: (state: EmulatorState) => void): Promise<number> {
    return this.#inTurn(() =>
      this.#connected(async (client) => {
        const { rows } = await client.query<{ id: string; event: Omit<PendingEventRow, "id"> }>(
          "SELECT id, event FROM stand_in_pending ORDER BY id LIMIT $1",
          [BATCH],
        );
        const unchanged = await this.#isCurrent(client);
        if (rows.length === 0 && unchanged) return 0;
        await this.#locked(client, async () => {
          for (const { event } of rows) this.#state.pending.insert(event);
          write(this.#state);
          await client.query("DELETE FROM stand_in_pending WHERE id = ANY($1)", [rows.map(({ id }) => id)]);
        });
        return rows.length;
      }),
    );
  }

  /** Creates missing tables. Resolves to false if there was nothing to do. */
  migrate(): Promise<boolean> {
    return this.#connected(async (client) => {
      await client.query("SELECT pg_advisory_lock($1)", [MIGRATION_LOCK]);
      try {
        const { rows } = await client.query("SELECT to_regclass('stand_in_state') AS present");
        await client.query(SCHEMA);
        return rows[0]?.present === null;
      } finally {
        await client.query("SELECT pg_advisory_unlock($1)", [MIGRATION_LOCK]);
      }
    });
  }

  close(): Promise<void> {
    return this.#pool.end();
  }

  #inTurn<Result>(act: () => Promise<Result>): Promise<Result> {
    const turn = this.#last.then(act, act);
    this.#last = turn.catch(() => {});
    return turn;
  }

  async #connected<Result>(act: (client: ClientBase) => Promise<Result>): Promise<Result> {
    try {
      const client = await this.#pool.connect();
      try {
        const result = await act(client);
        client.release();
        return result;
      } catch (error) {
        client.release(true);
        throw error;
      }
    } catch (error) {
      this.#version = undefined;
      throw new DatabaseError(error instanceof Error ? error.message : String(error), { cause: error });
    }
  }

  async #locked<Result>(client: ClientBase, act: () => Result | Promise<Result>): Promise<Result> {
    await client.query("BEGIN");
    await this.#load(client, "FOR UPDATE");
    const before = this.#state.revision;
    const result = await act();
    if (this.#state.revision !== before) await this.#save(client);
    await client.query("COMMIT");
    return result;
  }

  async #isCurrent(client: ClientBase): Promise<boolean> {
    const { rows } = await client.query<{ version: string }>("SELECT version FROM stand_in_state WHERE id = 1");
    return rows[0]?.version === this.#version;
  }

  async #load(client: ClientBase, lock: "" | "FOR UPDATE"): Promise<void> {
    const { rows } = await client.query<StateRow>(
      `SELECT version, CASE WHEN version = $1 THEN NULL ELSE document END AS document
       FROM stand_in_state WHERE id = 1 ${lock}`,
      [this.#version ?? ""],
    );
    const row = rows[0];
    if (!row) throw new DatabaseError("the tables are empty");
    if (row.document === null) return;
    this.#state.load(row.document);
    this.#version = row.version;
  }

  async #save(client: ClientBase): Promise<void> {
    for (const { id, ...event } of this.#state.pending.all()) {
      await client.query("INSERT INTO stand_in_pending (event) VALUES ($1)", [event]);
      this.#state.pending.delete(id);
    }
    const { rows } = await client.query<{ version: string }>(
      "UPDATE stand_in_state SET version = gen_random_uuid(), document = $1 WHERE id = 1 RETURNING version",
      [JSON.stringify(this.#state.dump())],
    );
    this.#version = rows[0]?.version;
  }
}
