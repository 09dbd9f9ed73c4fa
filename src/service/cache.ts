import { createHash } from "node:crypto";
import { Secret } from "../base/secret.ts";
import type { Transport } from "../glitchtip/transport.ts";
import type { HttpAnswer } from "../http/http.ts";
import type { QueueEngine } from "./engine.ts";
import { serverAddress } from "./lock.ts";
import type { Seal } from "./seal.ts";

/** Keeps answers of servers for dry runs, in memory and in the engine. */
export interface ResponseCache {
  /** Wraps a transport whose writes make all that is kept of the server invalid. */
  clearing(transport: Transport, url: string): Transport;
  get(key: CacheKey): Promise<HttpAnswer | undefined>;
  put(key: CacheKey, answer: HttpAnswer): Promise<void>;
  /** Returns the number of the server's last invalidation. */
  age(url: string): Promise<string>;
}

export interface CacheKey {
  readonly url: string;
  readonly age: string;
  /** A digest of the token: two tokens may see different things. */
  readonly who: string;
  readonly path: string;
}

export interface CacheOptions {
  readonly now: () => number;
  /** How long an answer is kept, by the kind of what it lists. */
  readonly ttlSeconds?: Readonly<Partial<Record<CachedKind, number>>>;
  /** How many answers one process keeps. */
  readonly memoryItems?: number;
  readonly onError: (error: unknown) => void;
  onLookup?(result: "hit" | "miss"): void;
}

interface KeptAnswer {
  readonly answer: HttpAnswer;
  readonly untilMs: number;
}

const KINDS = ["organizations", "projects", "alerts", "teams", "members", "monitors", "other"] as const;
export type CachedKind = (typeof KINDS)[number];

/** An hour would hide what somebody changed on the server meanwhile. */
const TTL_SECONDS: Readonly<Record<CachedKind, number>> = {
  organizations: 300,
  projects: 120,
  alerts: 60,
  teams: 120,
  members: 60,
  monitors: 60,
  other: 60,
};
const MEMORY_MS = 60_000;
const MEMORY_ITEMS = 1_000;
const LARGEST = 256 * 1_024;

/** Opens the cache. What is kept in the engine is sealed: answers hold the addresses of webhooks. */
export function openCache(
  { store, key }: Pick<QueueEngine, "store" | "key">,
  seal: Seal | undefined,
  { now, ttlSeconds = {}, memoryItems = MEMORY_ITEMS, onError, onLookup }: CacheOptions,
): ResponseCache {
  const memory = new Map<string, KeptAnswer>();
  const digest = (text: string) => createHash("sha256").update(text).digest("hex").slice(0, 32);
  const ageKey = (url: string) => key("cache-age", digest(serverAddress(url)));
  const nameOf = ({ url, age, who, path }: CacheKey) =>
    key("cache", digest([serverAddress(url), age, who, path].join("\0")));
  const clear = (url: string) => store.increment(ageKey(url));
  const remember = (name: string, { answer, untilMs }: KeptAnswer) => {
    memory.delete(name);
    memory.set(name, { answer, untilMs: Math.min(untilMs, now() + MEMORY_MS) });
    for (const oldest of memory.keys()) {
      if (memory.size <= memoryItems) break;
      memory.delete(oldest);
    }
  };
  return {
    clearing: (transport, url) => ({
      ...transport,
      async send(request, signal) {
        if (request.method === "GET") return await transport.send(request, signal);
        try {
          return await transport.send(request, signal);
        } finally {
          // A write whose outcome is unknown counts as one.
          await clear(url).catch(onError);
        }
      },
    }),
    age: async (url) => (await store.get(ageKey(url))) ?? "0",
    async get(asked) {
      const name = nameOf(asked);
      const near = memory.get(name);
      if (near !== undefined && near.untilMs > now()) {
        onLookup?.("hit");
        return near.answer;
      }
      memory.delete(name);
      const sealed = seal && (await store.getBytes(name));
      const far = sealed ? opened(seal, sealed) : undefined;
      const isKept = far !== undefined && far.untilMs > now();
      if (isKept) remember(name, far);
      onLookup?.(isKept ? "hit" : "miss");
      return isKept ? far.answer : undefined;
    },
    async put(asked, answer) {
      if (answer.text.length > LARGEST) return;
      const name = nameOf(asked);
      const kind = kindOf(asked.path);
      const seconds = ttlSeconds[kind] ?? TTL_SECONDS[kind];
      if (seconds === 0) return;
      const kept: KeptAnswer = { answer, untilMs: now() + seconds * 1_000 };
      remember(name, kept);
      if (seal) await store.setBytes(name, seal.seal(Buffer.from(JSON.stringify(kept))), seconds).catch(onError);
    },
  };
}

/** What was sealed with another secret, or by another version, counts as absent. */
function opened(seal: Seal, sealed: Buffer): KeptAnswer | undefined {
  try {
    return JSON.parse(seal.open(sealed).toString("utf8")) as KeptAnswer;
  } catch {
    return undefined;
  }
}

function kindOf(path: string): CachedKind {
  const words = path.split("?")[0]?.split("/").filter(Boolean) ?? [];
  return KINDS.find((kind) => kind === words.at(-1)) ?? "other";
}

/** Answers reads from the cache. One run sees one age of a server. */
export function withCache(cache: ResponseCache, transport: Transport, url: string, token: unknown): Transport {
  const who = createHash("sha256")
    .update(token instanceof Secret ? token.reveal() : "")
    .digest("hex");
  let age: Promise<string> | undefined;
  return {
    ...transport,
    async send(request, signal) {
      if (request.method !== "GET") return await transport.send(request, signal);
      age ??= cache.age(url);
      const key = { url, age: await age, who, path: request.path };
      const kept = await cache.get(key);
      if (kept !== undefined) return kept;
      const answer = await transport.send(request, signal);
      if (answer.status === 200) await cache.put(key, answer);
      return answer;
    },
  };
}
