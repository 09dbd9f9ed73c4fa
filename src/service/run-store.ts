import type { CodedError } from "../base/errors.ts";
import type { Report } from "../management/index.ts";
import type { QueueEngine, QueueName } from "./engine.ts";

export const RUN_STATES = ["pending", "running", "success", "failed", "skipped"] as const;
export type RunState = (typeof RUN_STATES)[number];

/** What is asked for, and what came of it. */
export interface RunRecord {
  readonly id: string;
  readonly kind: QueueName;
  readonly state: RunState;
  /** Who asked; null for the service's own watch. */
  readonly subject: string | null;
  readonly servers: readonly string[];
  readonly strict: boolean;
  /** Read from the servers, not from the cache. */
  readonly fresh: boolean;
  /** The request brings its own servers; they are kept sealed beside the record. */
  readonly brings?: true;
  /** Equal wet runs have equal fingerprints. */
  readonly fingerprint?: string;
  readonly createdAtMs: number;
  readonly startedAtMs?: number;
  readonly finishedAtMs?: number;
  readonly report?: Report;
  readonly error?: ReturnType<CodedError["toJSON"]>;
  readonly reason?: "duplicate_task";
}

export const isFinal = ({ state }: Pick<RunRecord, "state">): boolean => state !== "pending" && state !== "running";

export interface RunStore {
  get(id: string): Promise<RunRecord | undefined>;
  put(record: RunRecord): Promise<void>;
  /** Keeps what a request brings, sealed, until its run has ended. */
  putBody(id: string, sealed: string): Promise<void>;
  body(id: string): Promise<string | undefined>;
  /** Returns the newest runs first. */
  list(limit: number): Promise<RunRecord[]>;
  /** Claims an equal wet run for this id. Returns the id of the run that has the claim. */
  claim(fingerprint: string, id: string): Promise<string>;
  /** Gives a claim to another run where `from` still has it. */
  passClaim(fingerprint: string, from: string, to: string): Promise<boolean>;
  unclaim(fingerprint: string, id: string): Promise<void>;
}

const KEPT_SECONDS = 86_400;
const LISTED = 1_000;

const PASS = `if redis.call("GET", KEYS[1]) == ARGV[1] then redis.call("SET", KEYS[1], ARGV[2], "EX", ARGV[3]) return 1 end return 0`;
const UNCLAIM = `if redis.call("GET", KEYS[1]) == ARGV[1] then return redis.call("DEL", KEYS[1]) end return 0`;

/** Keeps the records of runs in the engine for a day. */
export function openRunStore({ redis, key }: Pick<QueueEngine, "redis" | "key">): RunStore {
  const all = key("runs");
  const read = (text: string | null | undefined) => (text ? (JSON.parse(text) as RunRecord) : undefined);
  return {
    get: async (id) => read(await redis.get(key("run", id))),
    async put(record) {
      const { id, createdAtMs } = record;
      const change = redis
        .multi()
        .set(key("run", id), JSON.stringify(record), "EX", KEPT_SECONDS)
        .zadd(all, createdAtMs, id)
        .zremrangebyrank(all, 0, -LISTED - 1);
      if (isFinal(record)) change.del(key("body", id));
      await change.exec();
    },
    async putBody(id, sealed) {
      await redis.set(key("body", id), sealed, "EX", KEPT_SECONDS);
    },
    body: async (id) => (await redis.get(key("body", id))) ?? undefined,
    async list(limit) {
      const ids = await redis.zrevrange(all, 0, limit - 1);
      if (ids.length === 0) return [];
      const texts = await redis.mget(ids.map((id) => key("run", id)));
      return texts.flatMap((text) => read(text) ?? []);
    },
    async claim(fingerprint, id) {
      const name = key("claim", fingerprint);
      const holder = await redis.set(name, id, "EX", KEPT_SECONDS, "NX", "GET");
      return holder ?? id;
    },
    passClaim: async (fingerprint, from, to) =>
      (await redis.eval(PASS, 1, key("claim", fingerprint), from, to, KEPT_SECONDS)) === 1,
    async unclaim(fingerprint, id) {
      await redis.eval(UNCLAIM, 1, key("claim", fingerprint), id);
    },
  };
}
