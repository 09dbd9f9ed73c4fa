import { describe, expect, it, vi } from "vitest";
import { silentLog } from "../../../src/base/log.ts";
import type { DeclaredServer } from "../../../src/management/index.ts";
import type { QueueEngine } from "../../../src/service/engine.ts";
import { openRunStore } from "../../../src/service/run-store.ts";
import { watch } from "../../../src/service/watch.ts";
import { memoryStore } from "../../support/service-api.ts";

/** Watches in this process, whose clock stands still between the looks. */
function open() {
  const values = new Map<string, string>();
  const store = memoryStore();
  const added: string[] = [];
  const faults = { add: 0 };
  const engine = {
    store,
    key: (...parts: readonly string[]) => parts.join(":"),
    queues: {
      plan: {
        async add(_: string, { run }: { readonly run: string }) {
          if (faults.add-- > 0) throw new Error("away");
          added.push(run);
        },
      },
    },
  } as unknown as QueueEngine;
  const registry = {
    read: () => ({
      servers: [...values].map(([name, text]) => ({ desired: { name }, text }) as DeclaredServer),
      broken: [],
    }),
    signature: () => JSON.stringify([...values]),
  };
  const runs = openRunStore(engine);
  const looks: (() => void)[] = [];
  let ms = 0;
  const abort = new AbortController();
  const clock = {
    now: () => ms,
    sleep: () =>
      new Promise<void>((resolve) => {
        looks.push(resolve);
      }),
  };
  let copies = 0;
  const start = () => {
    copies++;
    void watch(
      { engine, runs, now: () => ms, registry, clock, log: silentLog, signal: abort.signal },
      { everySeconds: 60, apply: false },
    );
  };
  return {
    values,
    faults,
    start,
    servers: async () => await Promise.all(added.map(async (id) => (await runs.get(id))?.servers[0])),
    /** Lets every copy look once more, a second later. */
    async look() {
      await vi.waitFor(() => expect(looks).toHaveLength(copies), 10_000);
      ms += 1_000;
      for (const next of looks.splice(0)) next();
      await vi.waitFor(() => expect(looks).toHaveLength(copies), 10_000);
    },
  };
}

describe("the watch", () => {
  it("requests a plan of each server when it starts, and of what has changed as soon as that is seen", async () => {
    const { values, start, servers, look } = open();
    values.set("one", "a").set("two", "a");
    start();
    await look();
    expect(await servers()).toEqual(["one", "two"]);
    values.set("two", "b");
    await look();
    expect(await servers()).toEqual(["one", "two", "two"]);
    await look();
    expect(await servers()).toHaveLength(3);
  });

  it("has one schedule, however many copies there are", async () => {
    const { values, start, servers, look } = open();
    values.set("one", "a");
    for (let nth = 0; nth < 3; nth++) start();
    await look();
    values.set("one", "b");
    await look();
    expect(await servers()).toEqual(["one", "one"]);
  });

  it("requests again what the engine did not take", async () => {
    const { values, start, servers, look, faults } = open();
    values.set("one", "a");
    faults.add = 1;
    start();
    await look();
    expect(await servers()).toEqual([]);
    values.set("one", "b");
    await look();
    expect(await servers()).toEqual(["one"]);
  });
});
