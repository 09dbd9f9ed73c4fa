import { type Job, Queue, QueueEvents } from "bullmq";
import { Redis } from "ioredis";
import { CodedError } from "../base/errors.ts";
import type { Secret } from "../base/secret.ts";

/** What waits in a queue: secrets of a request are sealed. */
export interface RunJob {
  readonly run: string;
}

export type QueuedRun = Job<RunJob, void, string>;

/** Dry runs and wet runs have separate queues, so that a review never waits behind an apply. */
export const QUEUE_NAMES = ["plan", "apply"] as const;
export type QueueName = (typeof QUEUE_NAMES)[number];

/** The engine that holds queues, locks and records: a Valkey or a Redis. */
export interface QueueEngine extends AsyncDisposable {
  /** Commands on it fail within seconds where the engine is away. */
  readonly redis: Redis;
  /** Waits for the engine for ever; for workers and for event streams. */
  readonly patient: Redis;
  readonly queues: Readonly<Record<QueueName, Queue<RunJob, void, string>>>;
  /** Returns the name of a key of ours. */
  key(...parts: readonly string[]): string;
  /** Throws GC2007 where the engine does not answer. */
  ping(): Promise<void>;
}

export const PREFIX = "glitchtip-compose";
const COMMAND_TIMEOUT_MS = 3_000;
const LONGEST_RECONNECT_MS = 2_000;

/** Opens the engine. `onError` gets what happens on a connection in the background. */
export function openQueueEngine(url: Secret, onError: (error: Error) => void): QueueEngine {
  const address = url.reveal();
  if (!/^rediss?:\/\//.test(address)) {
    throw new CodedError("GC1001", "the queue's address is no redis:// or rediss:// address", {
      remedy: "Name a Valkey or a Redis: --queue redis://valkey:6379",
    });
  }
  const retryStrategy = (times: number) => Math.min(times * 100, LONGEST_RECONNECT_MS);
  const redis = new Redis(address, { maxRetriesPerRequest: 1, commandTimeout: COMMAND_TIMEOUT_MS, retryStrategy });
  const patient = new Redis(address, { maxRetriesPerRequest: null, retryStrategy });
  for (const one of [redis, patient]) one.on("error", onError);
  const open = (name: QueueName) => {
    const queue = new Queue<RunJob, void, string>(name, { connection: redis, prefix: PREFIX, skipVersionCheck: true });
    queue.on("error", onError);
    return queue;
  };
  const queues = { plan: open("plan"), apply: open("apply") };
  return {
    redis,
    patient,
    queues,
    key: (...parts) => [PREFIX, "service", ...parts].join(":"),
    async ping() {
      try {
        await redis.ping();
      } catch (cause) {
        throw new CodedError("GC2007", "the queue's engine does not answer", {
          remedy: "Start the Valkey or Redis that --queue names.",
          cause,
        });
      }
    },
    async [Symbol.asyncDispose]() {
      for (const one of [redis, patient]) one.disconnect();
      for (const queue of Object.values(queues)) void queue.close().catch(onError);
    },
  };
}

/** Opens the stream of what happens in one queue. */
export function openQueueEvents(
  { patient }: QueueEngine,
  name: QueueName,
  onError: (error: Error) => void,
): QueueEvents {
  const events = new QueueEvents(name, { connection: patient, prefix: PREFIX, skipVersionCheck: true });
  events.on("error", onError);
  return events;
}
