import pino from "pino";
import { defined } from "../../src/base/defined.ts";
import { Secret } from "../../src/base/secret.ts";
import { openHttpServer } from "../../src/service/api/server.ts";
import { openAuth, signToken } from "../../src/service/auth.ts";
import type { AllowedTargets } from "../../src/service/compat.ts";
import type { QueueEngine, QueueName, RunEvents } from "../../src/service/engine.ts";
import { openMetrics } from "../../src/service/metrics.ts";
import type { Registry } from "../../src/service/registry.ts";
import { openRunStore, type RunRecord } from "../../src/service/run-store.ts";
import { sealWith } from "../../src/service/seal.ts";
import { openServerStates } from "../../src/service/server-states.ts";
import type { KeyValueStore } from "../../src/service/store.ts";
import { openWaiters } from "../../src/service/waiters.ts";

/** A run in progress. */
export const RUNNING: RunRecord = {
  id: "run-1",
  kind: "plan",
  state: "running",
  subject: "ci",
  servers: ["one"],
  strict: false,
  fresh: true,
  createdAtMs: 1,
};

const SECRET = new Secret("0123456789abcdef0123456789abcdef");
const NOBODY = { issuer: "glitchtip-compose", audience: "glitchtip-compose" };

/** What an engine keeps, in memory and for ever. */
export function memoryStore(): KeyValueStore & { readonly values: ReadonlyMap<string, string> } {
  const values = new Map<string, string>();
  const lists = new Map<string, Map<string, number>>();
  return {
    values,
    get: async (key) => values.get(key),
    getAll: async (keys) => keys.map((key) => values.get(key)),
    async set(key, value) {
      values.set(key, value);
    },
    async getBytes(key) {
      const text = values.get(key);
      return text === undefined ? undefined : Buffer.from(text, "latin1");
    },
    async setBytes(key, value) {
      values.set(key, value.toString("latin1"));
    },
    async setAll(entries) {
      for (const [key, value] of entries) values.set(key, value);
    },
    async setIfAbsent(key, value) {
      if (!values.has(key)) values.set(key, value);
      return values.get(key) ?? value;
    },
    async replaceIf(key, from, to) {
      if (values.get(key) !== from) return false;
      if (to === undefined) values.delete(key);
      else values.set(key, to);
      return true;
    },
    async increment(key) {
      const next = Number(values.get(key) ?? "0") + 1;
      values.set(key, String(next));
      return next;
    },
    async putListed({ list, key, value, rank, remove = [] }) {
      values.set(key, value);
      for (const one of remove) values.delete(one);
      lists.set(list, (lists.get(list) ?? new Map<string, number>()).set(key, rank));
    },
    async newest(list, limit) {
      const ranked = [...(lists.get(list) ?? [])].toSorted(([, a], [, b]) => b - a);
      return ranked.slice(0, limit).flatMap(([key]) => values.get(key) ?? []);
    },
    async append() {},
  };
}

/** What happens in a queue, said by the test. */
export function testEvents() {
  const listeners = new Map<string, ((event: never) => void)[]>();
  const events = {
    on: (name: string, act: (event: never) => void) => {
      listeners.set(name, [...(listeners.get(name) ?? []), act]);
    },
    close: async () => {},
  } as RunEvents;
  const emit = (
    name: "completed" | "failed" | "progress",
    event: { readonly jobId: string; readonly data?: object },
  ) => {
    for (const act of listeners.get(name) ?? []) act(event as never);
  };
  return { events, emit };
}

/** The API in this process, with its queue in memory. No worker takes the runs. */
export async function openTestApi({
  targets,
  registry,
  streams = [],
  revoked,
}: {
  /** The file of revoked tokens. */
  readonly revoked?: string;
  readonly targets?: AllowedTargets;
  readonly registry?: Registry;
  readonly streams?: readonly RunEvents[];
} = {}) {
  const store = memoryStore();
  const queued: { readonly queue: QueueName; readonly run: string }[] = [];
  const queue = (name: QueueName) => ({
    add: async (_: string, { run }: { readonly run: string }) => void queued.push({ queue: name, run }),
    getJob: async (id: string) => queued.find(({ run }) => run === id),
    getJobCounts: async () => ({ waiting: queued.length }),
  });
  const engine = {
    store,
    queues: { plan: queue("plan"), apply: queue("apply") },
    key: (...parts: readonly string[]) => parts.join(":"),
    ping: async () => {},
  } as unknown as QueueEngine;
  const runs = openRunStore(engine);
  const lines: string[] = [];
  const logger = pino({ base: null }, { write: (line) => void lines.push(line) });
  const health = {
    engine,
    metrics: openMetrics(),
    registry: registry ?? { read: () => ({ servers: [], broken: [] }), signature: () => "" },
    states: openServerStates(engine),
    roles: ["api"],
  };
  const api = {
    ...health,
    runs,
    now: () => Date.now(),
    auth: openAuth({ ...NOBODY, secret: SECRET, ...defined({ revoked }) }, Date.now),
    waiters: openWaiters(streams, runs),
    seal: sealWith(SECRET),
    targets,
  };
  const app = await openHttpServer({ health, api, version: "1.2.3", logger });
  const token = (subject = "ci", scopes: readonly string[] = ["plan", "apply"], servers: readonly string[] = ["*"]) =>
    signToken(SECRET, { subject, id: "t-1", scopes, servers, days: 1, ...NOBODY }, Date.now());
  /** What a worker reads the servers of a run from. */
  const workerContext = { dir: "/", runs, seal: api.seal, registry: health.registry };
  return { app, store, queued, runs, lines, token, workerContext };
}
