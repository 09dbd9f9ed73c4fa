import type { Job, Processor, Queue, QueueEventsListener, Worker, WorkerOptions } from "bullmq";
import { CodedError } from "../base/errors.ts";
import type { Secret } from "../base/secret.ts";
import type { Clock } from "../base/wait.ts";
import { queueAddressProblem } from "../config/queue-address.ts";
import { openPostgresEngine } from "./engine-postgres.ts";
import { openRedisEngine } from "./engine-redis.ts";
import type { ServerLocks } from "./lock.ts";
import type { KeyValueStore } from "./store.ts";

/** What waits in a queue: secrets of a request are sealed. */
export interface RunJob {
  readonly run: string;
}

export type QueuedRun = Job<RunJob, void, string>;
export type RunQueue = Pick<Queue<RunJob, void, string>, "add" | "getJob" | "getJobCounts">;
export type RunWorker = Pick<Worker<RunJob, void, string>, "close">;

/** What happens in a queue. */
export interface RunEvents {
  on<E extends "completed" | "failed" | "progress">(event: E, act: QueueEventsListener[E]): unknown;
  close(): Promise<void>;
}

/** Dry runs and wet runs have separate queues, so that a review never waits behind an apply. */
export const QUEUE_NAMES = ["plan", "apply"] as const;
export type QueueName = (typeof QUEUE_NAMES)[number];

export type RunWorkerOptions = Pick<
  WorkerOptions,
  "concurrency" | "lockDuration" | "stalledInterval" | "maxStalledCount"
>;

/** The engine that holds queues, locks and records: a Valkey, a Redis or a Postgres. */
export interface QueueEngine extends AsyncDisposable {
  /** Commands of it fail within seconds where the engine is away. */
  readonly store: KeyValueStore;
  readonly queues: Readonly<Record<QueueName, RunQueue>>;
  /** Starts a worker, which waits for the engine for ever. */
  startWorker(name: QueueName, run: Processor<RunJob, void, string>, options: RunWorkerOptions): RunWorker;
  /** Opens the stream of what happens in one queue. */
  openEvents(name: QueueName): RunEvents;
  /** Takes the locks of servers for a run, or none of them: undefined while another run holds one. */
  lockServers(run: string, urls: readonly string[]): Promise<ServerLocks | undefined>;
  /** Returns the name of a key of ours. */
  key(...parts: readonly string[]): string;
  /** Throws GC2007 where the engine does not answer. */
  ping(): Promise<void>;
}

export interface EngineContext {
  readonly clock: Clock;
  /** Gets what happens on a connection in the background. */
  readonly onError: (error: unknown) => void;
}

/** Opens the engine that an address names. Throws GC1001 for what is no address, and GC2007 where it does not answer. */
export async function openQueueEngine(url: Secret, context: EngineContext): Promise<QueueEngine> {
  checkQueueAddress(url);
  const address = url.reveal();
  return /^redis/.test(address) ? await openRedisEngine(address, context) : await openPostgresEngine(address, context);
}

/** Throws GC1001 for what is no address of an engine. */
export function checkQueueAddress(url: Secret): void {
  const problem = queueAddressProblem(url.reveal());
  if (problem !== undefined) throw new CodedError("GC1001", problem.message, { remedy: problem.remedy });
}
