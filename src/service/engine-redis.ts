import { type Processor, Queue, QueueEvents, Worker } from "bullmq";
import { Redis } from "ioredis";
import { CodedError } from "../base/errors.ts";
import type { EngineContext, QueueEngine, QueueName, RunJob } from "./engine.ts";
import { acquireServerLocks } from "./lock.ts";
import { redisStore } from "./store-redis.ts";
import { FIRST_EVENT } from "./waiters.ts";

const PREFIX = "glitchtip-compose";
const COMMAND_TIMEOUT_MS = 3_000;
const LONGEST_RECONNECT_MS = 2_000;

/** Opens a Valkey or a Redis as the engine of the queue. */
export async function openRedisEngine(address: string, { clock, onError }: EngineContext): Promise<QueueEngine> {
  const retryStrategy = (times: number) => Math.min(times * 100, LONGEST_RECONNECT_MS);
  const redis = new Redis(address, { maxRetriesPerRequest: 1, commandTimeout: COMMAND_TIMEOUT_MS, retryStrategy });
  // Workers and streams of events wait for the engine for ever.
  const patient = new Redis(address, { maxRetriesPerRequest: null, retryStrategy });
  for (const one of [redis, patient]) one.on("error", onError);
  const common = { prefix: PREFIX, skipVersionCheck: true };
  const open = (name: QueueName) => {
    const queue = new Queue<RunJob, void, string>(name, { connection: redis, ...common });
    queue.on("error", onError);
    return queue;
  };
  const queues = { plan: open("plan"), apply: open("apply") };
  const key = (...parts: readonly string[]) => [PREFIX, "service", ...parts].join(":");
  const engine: QueueEngine = {
    store: redisStore(redis),
    queues,
    key,
    startWorker(name, run: Processor<RunJob, void, string>, options) {
      const worker = new Worker<RunJob, void, string>(name, run, { connection: patient, ...common, ...options });
      worker.on("error", onError);
      return worker;
    },
    openEvents(name) {
      const events = new QueueEvents(name, { connection: patient, lastEventId: FIRST_EVENT, ...common });
      events.on("error", onError);
      return events;
    },
    lockServers: (run, urls) => acquireServerLocks({ engine: { redis, key }, clock, onError }, run, urls),
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
  try {
    await engine.ping();
  } catch (error) {
    await engine[Symbol.asyncDispose]();
    throw error;
  }
  return engine;
}
