import type { Redis } from "ioredis";
import type { KeyValueStore } from "./store.ts";

/** A list keeps this many keys. */
const LISTED = 10_000;

const REPLACE_IF = `
if redis.call("GET", KEYS[1]) ~= ARGV[1] then return 0 end
if ARGV[2] == "" then redis.call("DEL", KEYS[1]) else redis.call("SET", KEYS[1], ARGV[2], "EX", ARGV[3]) end
return 1`;

const A_DAY_SECONDS = 86_400;

/** Keeps values in a Valkey or a Redis. */
export function redisStore(redis: Redis): KeyValueStore {
  const getAll = async (keys: readonly string[]) =>
    keys.length === 0 ? [] : (await redis.mget([...keys])).map((value) => value ?? undefined);
  return {
    get: async (key) => (await redis.get(key)) ?? undefined,
    getAll,
    async set(key, value, seconds) {
      // Node writes a large text to a socket far slower than its bytes.
      const bytes = Buffer.from(value);
      await (seconds === undefined ? redis.set(key, bytes) : redis.set(key, bytes, "EX", seconds));
    },
    getBytes: async (key) => (await redis.getBuffer(key)) ?? undefined,
    async setBytes(key, value, seconds) {
      await redis.set(key, value, "EX", seconds);
    },
    async setAll(entries) {
      if (entries.length > 0) await redis.mset(entries.flat());
    },
    setIfAbsent: async (key, value, seconds) => (await redis.set(key, value, "EX", seconds, "NX", "GET")) ?? value,
    replaceIf: async (key, from, to = "", seconds = A_DAY_SECONDS) =>
      (await redis.eval(REPLACE_IF, 1, key, from, to, seconds)) === 1,
    increment: (key) => redis.incr(key),
    async putListed({ list, key, value, seconds, rank, remove = [] }) {
      const change = redis.multi();
      if (seconds === undefined) change.set(key, value);
      else change.set(key, value, "EX", seconds);
      change.zadd(list, rank, key).zremrangebyrank(list, 0, -LISTED - 1);
      if (remove.length > 0) change.del(...remove);
      throwFirst(await change.exec());
    },
    async newest(list, limit) {
      const values = await getAll(await redis.zrevrange(list, 0, limit - 1));
      return values.filter((value) => value !== undefined);
    },
    async append(stream, values, kept) {
      const adding = redis.pipeline();
      for (const value of values) adding.xadd(stream, "MAXLEN", "~", kept, "*", "event", value);
      throwFirst(await adding.exec());
    },
  };
}

function throwFirst(results: readonly [Error | null, unknown][] | null): void {
  for (const [error] of results ?? []) if (error) throw error;
}
