import { defined } from "../base/defined.ts";
import { systemClock } from "../base/wait.ts";
import { createSuperuser } from "./accounts.ts";
import { Faults } from "./faults.ts";
import type { Emulator, EmulatorOptions, RequestRecord, WorkerState } from "./options.ts";
import { mint, TOKEN_SCOPES } from "./routes/tokens.ts";
import { plant } from "./seed.ts";
import { listen } from "./server.ts";
import { snapshotOf } from "./snapshot.ts";
import { MemoryStore, type Store } from "./state.ts";
import { work } from "./worker.ts";
import { makeWorld, type World } from "./world.ts";

/** Starts a GlitchTip in memory. Close it, or declare it with `await using`. */
export async function startEmulator(options: EmulatorOptions = {}): Promise<Emulator> {
  const { generation = "6", host = "127.0.0.1", superuser } = options;
  const now = options.now ?? systemClock.now;
  let ahead = 0;
  let url = "";
  const world = makeWorld(generation, {
    ...options,
    domain: () => options.domain ?? url,
    now: () => now() + ahead,
  });
  const memory = new MemoryStore(options.database !== "empty");
  let worker: WorkerState = options.worker === false ? "stopped" : "storing";
  const works = () => {
    if (worker === "storing") work(memory.state, world);
    if (worker === "losing") for (const { id } of memory.state.pending.all()) memory.state.pending.delete(id);
  };
  const store = withWorker(memory, works);
  const seed = () => {
    if (superuser) createSuperuser(memory.state, superuser.email, superuser.password, iso(world));
    if (options.seed) plant(memory.state, options.seed, iso(world));
  };
  if (memory.migrated) seed();

  const faults = new Faults();
  for (const fault of options.faults ?? []) faults.add(fault);
  const requests: RequestRecord[] = [];
  const record = (request: RequestRecord) => void requests.push(request);
  const server = await listen({
    world,
    store,
    host,
    port: options.port ?? 0,
    faults,
    service: openService(options.slow),
    ...defined({ record: options.requestLog === false ? undefined : record }),
  });
  url = `http://${reachable(host)}:${server.port}`;
  return {
    url,
    generation,
    requests,
    fault: (fault) => faults.add(fault),
    clearFaults: () => faults.clear(),
    mintToken(scopes = TOKEN_SCOPES, label = "emulator") {
      const user = superuser && memory.state.users.first("email", superuser.email.toLowerCase());
      if (!user) throw new Error("mintToken needs a superuser: startEmulator({ superuser: { email, password } })");
      return mint(memory.state, user.id, label, scopes, iso(world)).token;
    },
    snapshot() {
      works();
      return snapshotOf(memory.state);
    },
    migrate() {
      if (memory.migrated) return;
      memory.migrated = true;
      seed();
    },
    setWorker(state) {
      worker = state;
    },
    advance(ms) {
      ahead += ms;
    },
    close: () => server.close(),
    [Symbol.asyncDispose]: () => server.close(),
  };
}

function reachable(host: string): string {
  if (host === "0.0.0.0" || host === "::") return "127.0.0.1";
  return host.includes(":") ? `[${host}]` : host;
}

const iso = (world: World): string => new Date(world.now()).toISOString();

/** Wraps a store so that the worker does its due work before each request. */
function withWorker(store: MemoryStore, works: () => void): Store {
  return {
    use: (writes, act) =>
      store.use(writes, (state) => {
        works();
        return act(state);
      }),
  };
}

/** Returns a function that delays requests like a real server: it serves `atOnce` at a time, the others wait in order. */
export type Service = <T>(work: () => Promise<T>) => Promise<T>;

function openService(slow: EmulatorOptions["slow"]): Service {
  if (slow === undefined) return (work) => work();
  const { serviceMs, atOnce = 2, distanceMs = 0 } = slow;
  let free = atOnce;
  const waiting: (() => void)[] = [];
  return async (work) => {
    if (distanceMs > 0) await systemClock.sleep(distanceMs);
    if (free > 0) free--;
    else await new Promise<void>((go) => waiting.push(go));
    try {
      // The service time includes the work itself.
      const [result] = await Promise.all([work(), systemClock.sleep(serviceMs)]);
      return result;
    } finally {
      const next = waiting.shift();
      if (next === undefined) free++;
      else next();
    }
  };
}
