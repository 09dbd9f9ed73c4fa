import { type ClientBase, Pool } from "pg";
import { DatabaseError } from "../../../src/emulator/reply.ts";
import type { Store } from "../../../src/emulator/state.ts";
import { EmulatorState } from "../../../src/emulator/state.ts";
import { EventQueue, type QueueKind } from "./event-queue.ts";
import type { DatabaseSettings } from "./settings.ts";

const CONNECT_WITHIN_MS = 3_000;
const BATCH = 100;
const MIGRATION_LOCK = 720_051;
/** After a restart of the database a real web process answers as many requests with 500, whose connections are dead. */
const DEAD_CONNECTIONS = 2;

/** Tables of an earlier stand-in have no \`schema\`. */
const SCHEMA = `
  CREATE TABLE IF NOT EXISTS stand_in_state (id int PRIMARY KEY, version text NOT NULL, document jsonb NOT NULL);
  ALTER TABLE stand_in_state ADD COLUMN IF NOT EXISTS schema int;
  INSERT INTO stand_in_state VALUES (1, gen_random_uuid(), '{}') ON CONFLICT DO NOTHING;
`;

type Waiting = Awaited<ReturnType<EventQueue["take"]>>[number];

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
  readonly #queue: EventQueue;
  /** What the worker has taken and not stored yet. */
  #taken: Waiting[] = [];
  /** Celery without Valkey takes jobs for ever and ends none, once it has lost a batch with its database. */
  #isBroken = false;
  #deadConnections = 0;

  constructor(database: DatabaseSettings, queue: QueueKind = "vtasks") {
    this.#pool = new Pool({ ...database, max: 2, connectionTimeoutMillis: CONNECT_WITHIN_MS });
    this.#queue = new EventQueue(queue);
    // A pool listens to idle clients only: without this, a database that is killed during a query would end the process.
    this.#pool.on("connect", (client) => client.on("error", () => {}));
    this.#pool.on("error", () => {
      this.#deadConnections = DEAD_CONNECTIONS;
      this.#loseBatch();
    });
  }

  use<Result>(writes: boolean, act: (state: EmulatorState) => Result): Promise<Result> {
    return this.#inTurn(() =>
      this.#connected(async (client) => {
        if (this.#deadConnections-- > 0) throw new Error("server closed the connection unexpectedly");
        if (!writes) {
          await this.#load(client, "");
          return act(this.#state);
        }
        return this.#locked(client, () => act(this.#state));
      }),
    );
  }

  /**
   * Runs one round of the worker: `write` finds the waiting events in `state.pending`. Resolves to the number of events that
   * it has taken. Celery stores what the last round has taken, and takes the next batch.
   */
  work(write: (state: EmulatorState) => void): Promise<number> {
    return this.#inTurn(async () => {
      try {
        return await this.#connected(async (client) => {
          if (this.#queue.kind === "vtasks") {
            this.#taken = [...(await this.#queue.take(client, BATCH))];
            return await this.#storeBatch(client, write);
          }
          await this.#storeBatch(client, write);
          this.#taken = [...(await this.#queue.take(client, BATCH))];
          return this.#taken.length;
        });
      } catch (error) {
        this.#loseBatch();
        throw error;
      }
    });
  }

  /** Stores what was taken, as a worker does that is told to stop. */
  finish(write: (state: EmulatorState) => void): Promise<number> {
    return this.#inTurn(() => this.#connected((client) => this.#storeBatch(client, write)));
  }

  async #storeBatch(client: ClientBase, write: (state: EmulatorState) => void): Promise<number> {
    const batch = this.#isBroken ? [] : this.#taken;
    if (batch.length === 0 && (await this.#isCurrent(client))) return 0;
    await this.#locked(client, async () => {
      for (const { event } of batch) this.#state.pending.insert(event);
      write(this.#state);
      await this.#queue.done(
        client,
        batch.map(({ id }) => id),
      );
    });
    this.#taken = [];
    return batch.length;
  }

  #loseBatch(): void {
    if (this.#queue.kind === "kombu" && this.#taken.length > 0) this.#isBroken = true;
    this.#taken = [];
  }

  /** Throws where the tables are those of another image: a real server ends or answers 500 without the columns that it reads. */
  async refuseOtherSchema(schema: number | undefined): Promise<void> {
    const found = await this.#connected(async (client) => {
      // A table that is not there yet would be an error in Postgres's log.
      const { rows: tables } = await client.query("SELECT to_regclass('stand_in_state') AS present");
      if (tables[0]?.present === null) return undefined;
      const { rows } = await client.query<{ schema: number | null }>(
        "SELECT (to_jsonb(state)->>'schema')::int AS schema FROM stand_in_state state",
      );
      return rows[0]?.schema ?? undefined;
    }).catch(() => undefined);
    if (schema === undefined || found === undefined || found === schema) return;
    throw new Error(`the tables have ${found} migrations, and this image has ${schema}`);
  }

  /** Creates missing tables, and never goes back. Resolves to false if there was nothing to do. */
  migrate(schema?: number): Promise<boolean> {
    return this.#connected(async (client) => {
      await client.query("SELECT pg_advisory_lock($1)", [MIGRATION_LOCK]);
      try {
        const { rows } = await client.query("SELECT to_regclass('stand_in_state') AS present");
        await client.query(`${SCHEMA}${this.#queue.schema};`);
        await client.query("UPDATE stand_in_state SET schema = greatest(schema, $1)", [schema]);
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
      await this.#queue.put(client, event);
      this.#state.pending.delete(id);
    }
    const { rows } = await client.query<{ version: string }>(
      "UPDATE stand_in_state SET version = gen_random_uuid(), document = $1 WHERE id = 1 RETURNING version",
      [JSON.stringify(this.#state.dump())],
    );
    this.#version = rows[0]?.version;
  }
}
