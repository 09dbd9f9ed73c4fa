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
  /** The number of pieces in which a request that brings its own servers is kept, sealed, beside the record. */
  readonly pieces?: number;
  /** Equal wet runs have equal fingerprints. */
  readonly fingerprint?: string;
  readonly createdAtMs: number;
  readonly startedAtMs?: number;
  readonly finishedAtMs?: number;
  readonly report?: Report;
  readonly error?: ReturnType<CodedError["toJSON"]>;
  readonly reason?: "duplicate_task";
}

/** A run without what its report lists: a report may have megabytes. */
export type RunSummary = Omit<RunRecord, "report">;

export const isFinal = ({ state }: Pick<RunRecord, "state">): boolean => state !== "pending" && state !== "running";

export interface RunStore {
  get(id: string): Promise<RunRecord | undefined>;
  put(record: RunRecord): Promise<void>;
  /** Keeps a piece of what a request brings, sealed, until its run has ended. */
  putPiece(id: string, nth: number, sealed: Buffer): Promise<void>;
  piece(id: string, nth: number): Promise<Buffer | undefined>;
  /** Returns the newest runs first. */
  list(limit: number): Promise<RunSummary[]>;
  /** Claims an equal wet run for this id. Returns the id of the run that has the claim. */
  claim(fingerprint: string, id: string): Promise<string>;
  /** Gives a claim to another run where `from` still has it. */
  passClaim(fingerprint: string, from: string, to: string): Promise<boolean>;
  unclaim(fingerprint: string, id: string): Promise<void>;
}

const KEPT_SECONDS = 86_400;
/** A report is written before the record that says it is there, and outlives it. */
const REPORT_KEPT_SECONDS = KEPT_SECONDS + 60;

/** Keeps the records of runs in the engine for a day. Reports have keys of their own, so that a list of runs reads none. */
export function openRunStore({ store, key }: Pick<QueueEngine, "store" | "key">): RunStore {
  const list = key("runs");
  const pieceKey = (id: string, nth: number) => key("piece", id, String(nth));
  return {
    async get(id) {
      const [record, report] = await store.getAll([key("run", id), key("report", id)]);
      if (record === undefined) return undefined;
      return { ...(JSON.parse(record) as RunSummary), ...(report && { report: JSON.parse(report) as Report }) };
    },
    async put({ report, ...record }) {
      const { id, createdAtMs: rank, pieces = 0 } = record;
      const remove = isFinal(record) ? Array.from({ length: pieces }, (_, nth) => pieceKey(id, nth)) : [];
      if (report !== undefined) await store.set(key("report", id), JSON.stringify(report), REPORT_KEPT_SECONDS);
      const value = JSON.stringify(record);
      await store.putListed({ list, key: key("run", id), value, seconds: KEPT_SECONDS, rank, remove });
    },
    putPiece: (id, nth, sealed) => store.setBytes(pieceKey(id, nth), sealed, KEPT_SECONDS),
    piece: (id, nth) => store.getBytes(pieceKey(id, nth)),
    list: async (limit) => (await store.newest(list, limit)).map((text) => JSON.parse(text) as RunSummary),
    claim: (fingerprint, id) => store.setIfAbsent(key("claim", fingerprint), id, KEPT_SECONDS),
    passClaim: (fingerprint, from, to) => store.replaceIf(key("claim", fingerprint), from, to, KEPT_SECONDS),
    async unclaim(fingerprint, id) {
      await store.replaceIf(key("claim", fingerprint), id, undefined);
    },
  };
}
