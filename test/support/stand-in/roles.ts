import { utimesSync, writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { defined } from "../../../src/base/defined.ts";
import { createSuperuser } from "../../../src/emulator/accounts.ts";
import { DatabaseError } from "../../../src/emulator/reply.ts";
import { listen, type RunningServer } from "../../../src/emulator/server.ts";
import type { Store } from "../../../src/emulator/state.ts";
import { work } from "../../../src/emulator/worker.ts";
import type { World } from "../../../src/emulator/world.ts";
import { makeWorld } from "../../../src/emulator/world.ts";
import { queueKindOf } from "./event-queue.ts";
import { PostgresStore } from "./postgres-store.ts";
import { brokerFault, type Settings } from "./settings.ts";
import { Valkey } from "./valkey.ts";

const ROUND_MS = 1_000;

/** The settings and outputs that all roles share. */
export interface Process {
  readonly settings: Settings;
  readonly signal: AbortSignal;
  out(line: string): void;
  err(line: string): void;
}

function worldOf(settings: Settings): World {
  return makeWorld(settings.generation, {
    registration: settings.registration ? "open" : "closed",
    organizationCreation: settings.organizationCreation ? "open" : "closed",
    allowedHosts: settings.allowedHosts,
    basePath: settings.basePath,
    ...defined({ trustedOrigins: settings.trustedOrigins }),
    // The rounds of the worker cause the delay.
    processingDelayMs: 0,
    domain: () => settings.domain,
    now: () => Date.now(),
  });
}

async function withStore<Result>(settings: Settings, act: (store: PostgresStore) => Promise<Result>): Promise<Result> {
  const store = new PostgresStore(settings.database, queueKindOf(settings));
  try {
    return await act(store);
  } finally {
    await store.close();
  }
}

export function migrate({ settings, out }: Process): Promise<number> {
  return withStore(settings, async (store) => {
    const made = await store.migrate(settings.schema);
    out(made ? "  Applying stand_in.0001_initial... OK" : "  No migrations to apply.");
    return 0;
  });
}

/** Does what `manage.py createsuperuser --noinput --email X` does. Resolves to the exit code. */
export function superuser({ settings, out, err }: Process, email: string): Promise<number> {
  return withStore(settings, async (store) => {
    const now = new Date().toISOString();
    const made = await store.use(true, (state) => createSuperuser(state, email, settings.superuserPassword, now));
    if (made) out("Superuser created successfully.");
    else err("CommandError: Error: That email is already taken.");
    return made ? 0 : 1;
  });
}

export async function web(process: Process, port = process.settings.port): Promise<number> {
  const { settings, signal, out } = process;
  await withStore(settings, async (store) => {
    await store.refuseOtherSchema(settings.schema);
    const server: RunningServer = await listen({
      world: worldOf(settings),
      store: withValkey(store, new Valkey(settings.valkeyUrl)),
      host: "0.0.0.0",
      port,
      ...defined({ closes: settings.closes }),
    });
    out(`Listening at: http://0.0.0.0:${server.port}`);
    await aborted(signal);
    await server.close();
  });
  return 0;
}

/** Wraps a store so that writes fail without Valkey, which holds sessions, limits and blocks. Reads still work. */
function withValkey(store: PostgresStore, valkey: Valkey): Store {
  return {
    async use(writes, act) {
      const problem = writes ? await valkey.problem() : undefined;
      if (problem !== undefined) throw new DatabaseError(problem);
      return store.use(writes, act);
    },
  };
}

export interface WorkerOptions {
  /** The file that is touched after each successful round: `runworker --health-check-file`, from 6 on. */
  readonly healthCheckFile?: string | undefined;
}

/** Writes waiting events about once a second until it is stopped. An error does not end it. */
export async function worker(process: Process, options: WorkerOptions = {}): Promise<number> {
  const { settings, signal, out, err } = process;
  const world = worldOf(settings);
  const valkey = new Valkey(settings.valkeyUrl);
  const round = async (store: PostgresStore): Promise<void> => {
    const problem = (await valkey.problem()) ?? brokerFault(settings);
    if (problem !== undefined) throw new Error(problem);
    const written = await store.work((state) => work(state, world));
    if (written > 0) out(`wrote ${written} events`);
    if (options.healthCheckFile !== undefined) touch(options.healthCheckFile);
  };
  await withStore(settings, async (store) => {
    await store.refuseOtherSchema(settings.schema);
    out("worker ready");
    while (!signal.aborted) {
      await round(store).catch((error: unknown) =>
        err(`worker: ${error instanceof Error ? error.message : String(error)}. Trying again...`),
      );
      await sleep(ROUND_MS, undefined, { signal }).catch(() => {});
    }
    await store.finish((state) => work(state, world)).catch(() => {});
  });
  return 0;
}

function touch(path: string): void {
  const now = new Date();
  try {
    utimesSync(path, now, now);
  } catch {
    writeFileSync(path, "");
  }
}

/** Runs web and worker in one process. 5.2 always listens on 8000 and migrates; 6 does not migrate with SKIP_INIT. */
export async function allInOne(process: Process): Promise<number> {
  const { settings } = process;
  const modern = settings.generation === "6";
  if (!(modern && settings.skipInit)) await migrate(process);
  const codes = await Promise.all([web(process, modern ? settings.port : 8000), worker(process)]);
  return Math.max(...codes);
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
