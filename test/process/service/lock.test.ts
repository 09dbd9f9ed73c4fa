import fc from "fast-check";
import { Redis } from "ioredis";
import { describe, expect, it } from "vitest";
import { systemClock } from "../../../src/base/wait.ts";
import { acquireServerLocks, LOCK_MS } from "../../../src/service/lock.ts";
import { propertyRuns } from "../../support/property-runs.ts";
import { needsValkey, startValkey } from "../../support/valkey.ts";

const openLocks = async () => {
  const valkey = await startValkey();
  const redis = new Redis(valkey.url, { maxRetriesPerRequest: 0, commandTimeout: 500 });
  redis.on("error", () => {});
  const engine = { redis, key: (...parts: readonly string[]) => parts.join(":") };
  const context = { engine, clock: systemClock, onError: () => {} };
  return {
    valkey,
    redis,
    acquire: (run: string, ...urls: readonly string[]) => acquireServerLocks(context, run, urls),
    async [Symbol.asyncDispose]() {
      redis.disconnect();
      await valkey[Symbol.asyncDispose]();
    },
  };
};

const [A, B] = ["https://a.example.com", "https://b.example.com/errors"] as const;

describe("the lock of a server", () => {
  it("is held by one run, whatever the servers beside it and however the address is written", async ({ skip }) => {
    needsValkey(skip);
    await using locks = await openLocks();
    const first = await locks.acquire("run-1", A);
    expect(first).toBeDefined();
    expect(await locks.acquire("run-2", B, `${A}/`)).toBeUndefined();
    expect(await locks.acquire("run-3", "https://A.example.com:443")).toBeUndefined();
    // A run that gets not all of its locks holds none of them.
    await using second = await locks.acquire("run-4", B);
    expect(second).toBeDefined();
    await first?.[Symbol.asyncDispose]();
    await using third = await locks.acquire("run-5", A);
    await expect(third?.check(A)).resolves.toBeUndefined();
    const [key = ""] = await locks.redis.keys("lock:*");
    expect(await locks.redis.pttl(key)).toBeGreaterThan(LOCK_MS - 60_000);
  });

  it("passes to the worker that takes a run over, and the worker before writes nothing more", async ({ skip }) => {
    needsValkey(skip);
    await using locks = await openLocks();
    const before = await locks.acquire("run-1", A);
    await expect(before?.check(A)).resolves.toBeUndefined();
    await using after = await locks.acquire("run-1", A);
    await expect(before?.check(A)).rejects.toMatchObject({ code: "GC2008" });
    await before?.[Symbol.asyncDispose]();
    await expect(after?.check(A)).resolves.toBeUndefined();
  });

  it("is left to the next attempt of the run, and to no other run", async ({ skip }) => {
    needsValkey(skip);
    await using locks = await openLocks();
    const first = await locks.acquire("run-1", A);
    first?.leave();
    await first?.[Symbol.asyncDispose]();
    expect(await locks.acquire("run-2", A)).toBeUndefined();
    await using again = await locks.acquire("run-1", A);
    await expect(again?.check(A)).resolves.toBeUndefined();
  });

  it("is lost where the engine is away or has forgotten it", async ({ skip }) => {
    needsValkey(skip);
    await using locks = await openLocks();
    const held = await locks.acquire("run-1", A);
    await locks.valkey.kill();
    await expect(held?.check(A)).rejects.toMatchObject({ code: "GC2008" });
    await locks.valkey.start();
    await locks.redis.ping().catch(() => {});
    await new Promise((resolve) => (locks.redis.status === "ready" ? resolve(0) : locks.redis.once("ready", resolve)));
    await expect(held?.check(A)).resolves.toBeUndefined();
    await locks.redis.flushall();
    await expect(held?.check(A)).rejects.toMatchObject({ code: "GC2008" });
  });

  it("has never two holders in random interleavings of overlapping sets", async ({ skip }) => {
    needsValkey(skip);
    await using locks = await openLocks();
    const servers = fc.uniqueArray(fc.constantFrom("a", "b", "c", "d"), { minLength: 1, maxLength: 3 });
    let round = 0;
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), fc.array(servers, { minLength: 2, maxLength: 5 }), async (scheduler, sets) => {
        round++;
        const holders = new Map<string, number>();
        const worst = { count: 0 };
        const turn = () => scheduler.schedule(Promise.resolve());
        const add = (url: string, count: number) => {
          holders.set(url, (holders.get(url) ?? 0) + count);
          worst.count = Math.max(worst.count, holders.get(url) ?? 0);
        };
        const attempt = async (run: string, urls: readonly string[]): Promise<boolean> => {
          await using held = await locks.acquire(run, ...urls);
          if (held === undefined) return false;
          for (const url of urls) await held.check(url);
          for (const url of urls) add(url, 1);
          await turn();
          for (const url of urls) add(url, -1);
          return true;
        };
        const runs = sets.map(async (names, at) => {
          const urls = names.map((name) => `https://${name}.example.com`);
          for (let left = 50; left > 0 && !(await attempt(`run-${round}-${at}`, urls)); left--) await turn();
        });
        await scheduler.waitFor(Promise.all(runs));
        expect(worst.count).toBe(1);
      }),
      propertyRuns(500),
    );
  });
});
