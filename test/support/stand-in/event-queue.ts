import type { ClientBase } from "pg";
import type { PendingEventRow } from "../../../src/emulator/rows.ts";
import type { Settings } from "./settings.ts";

type WaitingEvent = Omit<PendingEventRow, "id">;

/**
 * How accepted events wait for the worker, and what is lost with it (docs/sizing.md, "What a killed process may lose").
 * `vtasks`: a job is removed when its event is stored. `celery`: a job is removed when it is taken, so that a kill loses the
 * batch in work. `kombu`, Celery without Valkey: a job is taken in the same way, and its row stays for ever.
 */
export type QueueKind = "vtasks" | "celery" | "kombu";

export const queueKindOf = ({ generation, valkeyUrl }: Pick<Settings, "generation" | "valkeyUrl">): QueueKind =>
  generation === "6" ? "vtasks" : valkeyUrl === "" ? "kombu" : "celery";

interface Queue {
  readonly schema: string;
  readonly put: string;
  /** Returns `id` and `event` of at most $1 rows. */
  readonly take: string;
  /** Removes the rows $1 once their events are stored. */
  readonly done?: string;
}

const PENDING = "CREATE TABLE IF NOT EXISTS stand_in_pending (id bigserial PRIMARY KEY, event jsonb NOT NULL)";
const FIRST = "SELECT id FROM stand_in_pending ORDER BY id LIMIT $1";

const QUEUES: Readonly<Record<QueueKind, Queue>> = {
  vtasks: {
    schema: PENDING,
    put: "INSERT INTO stand_in_pending (event) VALUES ($1)",
    take: `SELECT id, event FROM stand_in_pending WHERE id IN (${FIRST}) ORDER BY id`,
    done: "DELETE FROM stand_in_pending WHERE id = ANY($1)",
  },
  celery: {
    schema: PENDING,
    put: "INSERT INTO stand_in_pending (event) VALUES ($1)",
    take: `DELETE FROM stand_in_pending WHERE id IN (${FIRST}) RETURNING id, event`,
  },
  // The columns of kombu.transport.sqlalchemy.models.
  kombu: {
    schema: `
      CREATE TABLE IF NOT EXISTS kombu_queue (id int PRIMARY KEY, name varchar(200) UNIQUE);
      INSERT INTO kombu_queue VALUES (1, 'celery') ON CONFLICT DO NOTHING;
      CREATE TABLE IF NOT EXISTS kombu_message (
        id serial PRIMARY KEY, visible boolean, "timestamp" timestamp, payload text NOT NULL, version smallint NOT NULL,
        queue_id int REFERENCES kombu_queue)`,
    put: "INSERT INTO kombu_message (visible, payload, version, queue_id) VALUES (true, $1::jsonb, 1, 1)",
    take: `
      UPDATE kombu_message SET visible = false, "timestamp" = now() AT TIME ZONE 'utc'
      WHERE id IN (SELECT id FROM kombu_message WHERE visible ORDER BY id LIMIT $1)
      RETURNING id, payload::jsonb AS event`,
  },
};

/** The events that wait for the worker, in Postgres. */
export class EventQueue {
  readonly kind: QueueKind;
  readonly #queue: Queue;

  constructor(kind: QueueKind) {
    this.kind = kind;
    this.#queue = QUEUES[kind];
  }

  get schema(): string {
    return this.#queue.schema;
  }

  async put(client: ClientBase, event: WaitingEvent): Promise<void> {
    await client.query(this.#queue.put, [event]);
  }

  async take(
    client: ClientBase,
    most: number,
  ): Promise<readonly { readonly id: string; readonly event: WaitingEvent }[]> {
    const { rows } = await client.query<{ id: string; event: WaitingEvent }>(this.#queue.take, [most]);
    return rows.sort((a, b) => Number(a.id) - Number(b.id));
  }

  async done(client: ClientBase, ids: readonly string[]): Promise<void> {
    if (this.#queue.done !== undefined) await client.query(this.#queue.done, [ids]);
  }
}
