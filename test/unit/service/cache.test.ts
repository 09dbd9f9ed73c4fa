import { describe, expect, it } from "vitest";
import { Secret } from "../../../src/base/secret.ts";
import type { Transport } from "../../../src/glitchtip/transport.ts";
import { type CacheOptions, openCache, withCache } from "../../../src/service/cache.ts";
import { sealWith } from "../../../src/service/seal.ts";
import { memoryStore } from "../../support/service-api.ts";

const URL = "https://errors.example.com";
const ALERTS = "/api/0/projects/acme/shop/alerts/";
const SEAL = sealWith(new Secret("0123456789abcdef0123456789abcdef"));

/** A service of two processes that share an engine; the server counts what it is asked. */
function open(options: Partial<CacheOptions> = {}) {
  const store = memoryStore();
  const clock = { ms: 0 };
  const asked: string[] = [];
  const engine = { store, key: (...parts: readonly string[]) => parts.join(":") };
  const caches = [1, 2].map(() =>
    openCache(engine, SEAL, { now: () => clock.ms, onError: (error) => expect(error).toBeUndefined(), ...options }),
  );
  const server = {
    async send({ method, path }: { readonly method: string; readonly path: string }) {
      asked.push(`${method} ${path}`);
      return { status: path.includes("missing") ? 404 : 200, headers: {}, text: "canary-hook" };
    },
  } as unknown as Transport;
  const of = (process: number) => {
    const cache = caches[process - 1];
    if (cache === undefined) throw new Error("there are two");
    return cache;
  };
  const { signal } = new AbortController();
  return {
    store,
    clock,
    asked,
    read: async (process: number, { path = ALERTS, token = "a", url = URL } = {}) => {
      const transport = withCache(of(process), server, url, new Secret(token));
      return await transport.send({ method: "GET", path, headers: {} }, signal);
    },
    write: async (process: number) =>
      await of(process).clearing(server, `${URL}/`).send({ method: "POST", path: ALERTS, headers: {} }, signal),
  };
}

describe("the cache of dry runs", () => {
  it("answers from memory, and from the engine in another process, where it is sealed", async () => {
    const { read, asked, store } = open();
    for (const process of [1, 1, 2, 2]) expect(await read(process)).toMatchObject({ text: "canary-hook" });
    expect(asked).toEqual([`GET ${ALERTS}`]);
    expect([...store.values.values()].join("\n")).not.toContain("canary");
  });

  it("keeps what two tokens see apart, and what two servers say", async () => {
    const { read, asked } = open();
    await read(1);
    await read(1, { token: "b" });
    await read(1, { url: "https://other.example.com" });
    await read(1, { path: "/api/0/projects/acme/other/alerts/" });
    expect(asked).toHaveLength(4);
  });

  it("forgets a server with each write of ours, in every process and however the address is written", async () => {
    const { read, write, asked } = open();
    await read(1);
    await read(2);
    await write(2);
    await read(1);
    await read(2);
    expect(asked.filter((one) => one.startsWith("GET"))).toHaveLength(2);
  });

  it("keeps an answer no longer in a process that has read it from the engine late", async () => {
    const { read, asked, clock } = open();
    await read(1);
    clock.ms = 50_000;
    await read(2);
    expect(asked).toHaveLength(1);
    clock.ms = 61_000;
    await read(2);
    expect(asked).toHaveLength(2);
  });

  it("keeps nothing in memory for longer than a minute, and nothing but successes", async () => {
    const { read, asked, clock, store } = open();
    await read(1);
    clock.ms = 61_000;
    // What the engine keeps ends by its own clock.
    for (const key of store.values.keys())
      if (key.startsWith("cache:")) await store.replaceIf(key, store.values.get(key) ?? "", undefined);
    await read(1);
    expect(asked).toHaveLength(2);
    for (let count = 0; count < 2; count++) await read(1, { path: "/api/0/missing/" });
    expect(asked).toHaveLength(4);
  });

  it("is switched off for a kind whose time is 0, and drops the oldest where memory is full", async () => {
    const off = open({ ttlSeconds: { alerts: 0 } });
    for (let count = 0; count < 2; count++) await off.read(1);
    expect(off.asked).toHaveLength(2);
    const small = open({ memoryItems: 1 });
    await small.read(1);
    await small.read(1, { path: "/api/0/organizations/" });
    expect(small.asked).toHaveLength(2);
    // It is still in the engine.
    await small.read(1);
    expect(small.asked).toHaveLength(2);
  });
});
