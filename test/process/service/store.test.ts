import { Redis } from "ioredis";
import pg from "pg";
import { describe, expect, it } from "vitest";
import type { KeyValueStore } from "../../../src/service/store.ts";
import { createTables, postgresStore } from "../../../src/service/store-postgres.ts";
import { redisStore } from "../../../src/service/store-redis.ts";
import { hasPostgres, noPostgres, startPostgres } from "../../support/postgres.ts";
import { hasValkey, noValkey, startValkey } from "../../support/valkey.ts";

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** What both engines do. */
async function behaves(store: KeyValueStore): Promise<void> {
  expect(await store.get("a")).toBeUndefined();
  await store.set("a", "1");
  await store.setAll([
    ["b", "ä\u0001'\"\\"],
    ["a", "2"],
  ]);
  expect(await store.getAll(["b", "missing", "a", "b"])).toEqual(["ä\u0001'\"\\", undefined, "2", "ä\u0001'\"\\"]);
  expect([await store.getAll([]), await store.newest("nothing", 5)]).toEqual([[], []]);

  const bytes = Buffer.from([0, 255, 34, 128, 10]);
  await store.setBytes("bytes", bytes, 60);
  expect([await store.getBytes("bytes"), await store.getBytes("missing")]).toEqual([bytes, undefined]);

  const claims = await Promise.all(["x", "y", "z"].map((value) => store.setIfAbsent("claim", value, 60)));
  expect(new Set(claims).size).toBe(1);
  const [holder = ""] = claims;
  expect(await store.replaceIf("claim", "nobody", "other", 60)).toBe(false);
  expect(await store.replaceIf("claim", holder, "other", 60)).toBe(true);
  expect(await store.setIfAbsent("claim", "late", 60)).toBe("other");
  expect(await store.replaceIf("claim", "other", undefined)).toBe(true);
  expect(await store.get("claim")).toBeUndefined();

  const counts = await Promise.all(Array.from({ length: 20 }, () => store.increment("count")));
  expect(counts.toSorted((one, other) => one - other)).toEqual(Array.from({ length: 20 }, (_, at) => at + 1));

  for (const [rank, key] of ["r1", "r2", "r3"].entries()) {
    await store.putListed({ list: "runs", key, value: `first ${key}`, seconds: 60, rank });
  }
  await store.putListed({ list: "runs", key: "r2", value: "second r2", seconds: 60, rank: 1, remove: ["a"] });
  expect(await store.newest("runs", 2)).toEqual(["first r3", "second r2"]);
  expect(await store.newest("runs", 10)).toHaveLength(3);
  expect(await store.get("a")).toBeUndefined();

  await store.set("short", "1", 1);
  await store.putListed({ list: "runs", key: "r4", value: "short", seconds: 1, rank: 9 });
  expect(await store.newest("runs", 1)).toEqual(["short"]);
  expect(await store.setIfAbsent("slot", "first", 1)).toBe("first");
  expect(await store.setIfAbsent("slot", "second", 1)).toBe("first");
  await pause(1_200);
  expect(await store.get("short")).toBeUndefined();
  expect(await store.newest("runs", 10)).toEqual(["first r3", "second r2", "first r1"]);
  expect(await store.setIfAbsent("slot", "third", 60)).toBe("third");
}

describe("what the service keeps", () => {
  it.skipIf(!hasValkey)(`is kept by a Valkey${noValkey}`, async () => {
    await using valkey = await startValkey();
    const redis = new Redis(valkey.url);
    try {
      const store = redisStore(redis);
      await behaves(store);
      await store.append("events", ['{"n":1}', '{"n":2}'], 100);
      expect(await redis.xlen("events")).toBe(2);
    } finally {
      redis.disconnect();
    }
  });

  it.skipIf(!hasPostgres)(`is kept by a Postgres${noPostgres}`, async () => {
    await using postgres = await startPostgres();
    const pool = new pg.Pool({ connectionString: postgres.url, max: 8 });
    try {
      // Several processes start at the same time.
      await Promise.all(
        [1, 2, 3].map(async () => {
          const client = await pool.connect();
          await createTables(client).finally(() => client.release());
        }),
      );
      const store = postgresStore(pool, Date.now);
      await behaves(store);
      for (let nth = 0; nth < 4; nth++)
        await store.append("events", [`{"n":${2 * nth},"text":"ä"}`, `{"n":${2 * nth + 1}}`], 3);
      const { rows } = await pool.query("select event->>'n' as n from glitchtip_compose.event order by id");
      expect(rows.map(({ n }) => n)).toEqual(["5", "6", "7"]);
    } finally {
      await pool.end();
    }
  });
});
