import { silentLog } from "../../src/base/log.ts";
import { Secret } from "../../src/base/secret.ts";
import { systemClock } from "../../src/base/wait.ts";
import type { DeclaredServer } from "../../src/management/index.ts";
import { openCache } from "../../src/service/cache.ts";
import { openQueueEngine } from "../../src/service/engine.ts";
import { openRunStore, type RunRecord } from "../../src/service/run-store.ts";
import { submit } from "../../src/service/runs.ts";
import { openWaiters } from "../../src/service/waiters.ts";
import { startWorkers, type Workers } from "../../src/service/worker.ts";
import { startValkey } from "./valkey.ts";

/** Workers of the service on a real queue, in this process. */
export interface WorkersUnderTest extends AsyncDisposable {
  readonly env: Record<string, string>;
  start(concurrency: number): Workers;
  /** Submits an apply and returns its record once it has ended. */
  apply(id: string, servers: readonly DeclaredServer[]): Promise<RunRecord | undefined>;
  record(id: string): Promise<RunRecord | undefined>;
}

export async function openWorkers(): Promise<WorkersUnderTest> {
  const valkey = await startValkey();
  const { signal } = new AbortController();
  const onError = () => {};
  const engine = await openQueueEngine(new Secret(valkey.url), { clock: systemClock, onError });
  const runs = openRunStore(engine);
  const declared = new Map<string, readonly DeclaredServer[]>();
  const env: Record<string, string> = {};
  const context = {
    engine,
    runs,
    clock: systemClock,
    log: silentLog,
    env,
    signal,
    cache: openCache(engine, undefined, { now: Date.now, onError }),
    onError,
    serversOf: async ({ id }: RunRecord) => ({ servers: declared.get(id) ?? [], env: {} }),
    onEnd: async () => {},
    busyMs: 5,
  };
  const started: Workers[] = [];
  const events = engine.openEvents("apply");
  const waiters = openWaiters([events], runs);
  return {
    env,
    start(concurrency) {
      const workers = startWorkers(context, concurrency);
      started.push(workers);
      return workers;
    },
    async apply(id, servers) {
      declared.set(id, servers);
      const names = servers.map(({ desired }) => desired.name);
      const asked = { id, kind: "apply", subject: null, servers: names, strict: false, fresh: true } as const;
      await submit({ engine, runs, now: Date.now }, { ...asked, content: [id] });
      return await waiters.wait(id, 60_000, signal);
    },
    record: (id) => runs.get(id),
    async [Symbol.asyncDispose]() {
      await Promise.all(started.map((workers) => workers.stop(1_000)));
      await events.close();
      await engine[Symbol.asyncDispose]();
      await valkey[Symbol.asyncDispose]();
    },
  };
}
