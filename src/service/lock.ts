import { createHash } from "node:crypto";
import type { Redis } from "ioredis";
import { linkSignals } from "../base/abort.ts";
import { CodedError } from "../base/errors.ts";
import type { Clock } from "../base/wait.ts";

export interface LockContext {
  readonly engine: { readonly redis: Redis; key(...parts: readonly string[]): string };
  readonly clock: Clock;
  /** Called where a renewal fails. */
  readonly onError: (error: unknown) => void;
}

/** The locks that one run holds on its servers. */
export interface ServerLocks extends AsyncDisposable {
  /** Throws GC2008 unless the run still holds the lock of this server. */
  check(url: string): Promise<void>;
  /**
   * Leaves the locks to the next attempt of the run: disposal then does not release them. A request that was under way may
   * still be executed by the server, so another run must not read it yet.
   */
  leave(): void;
}

export const LOCK_MS = 600_000;
const RENEW_MS = LOCK_MS / 10;

/**
 * A run that another worker has taken over holds its own lock already: it gets a new fencing token, and the one before
 * fails its next check.
 */
const ACQUIRE = `
local held = redis.call("GET", KEYS[1])
if held and string.sub(held, 1, #ARGV[1] + 1) ~= ARGV[1] .. ":" then return 0 end
local fence = redis.call("INCR", KEYS[2])
redis.call("SET", KEYS[1], ARGV[1] .. ":" .. fence, "PX", ARGV[2])
return fence`;
const RENEW = `if redis.call("GET", KEYS[1]) == ARGV[1] then return redis.call("PEXPIRE", KEYS[1], ARGV[2]) end return 0`;
const RELEASE = `if redis.call("GET", KEYS[1]) == ARGV[1] then return redis.call("DEL", KEYS[1]) end return 0`;

/** Returns what identifies a server: two names for one address are one server. */
export function serverAddress(url: string): string {
  const { origin, pathname } = new URL(url);
  return origin + pathname.replace(/\/+$/, "");
}

/**
 * Takes the locks of all these servers for a run, or none of them: returns undefined while another run holds one. They
 * are taken in one order and never waited for, so there is no deadlock.
 */
export async function acquireServerLocks(
  context: LockContext,
  run: string,
  urls: readonly string[],
): Promise<ServerLocks | undefined> {
  const { redis, key } = context.engine;
  const held = new Map<string, Held>();
  const release = async () => {
    for (const { name, value } of held.values()) await redis.eval(RELEASE, 1, name, value);
  };
  for (const address of [...new Set(urls.map(serverAddress))].toSorted()) {
    const digest = createHash("sha256").update(address).digest("hex").slice(0, 32);
    const name = key("lock", digest);
    const fence = await redis.eval(ACQUIRE, 2, name, key("fence", digest), run, LOCK_MS);
    if (fence === 0) {
      await release();
      return undefined;
    }
    held.set(address, { name, value: `${run}:${fence}` });
  }
  const renewing = linkSignals([]);
  void keepRenewed(context, [...held.values()], renewing.signal);
  let isLeft = false;
  return {
    leave() {
      isLeft = true;
    },
    async check(url) {
      const lock = held.get(serverAddress(url));
      if (lock === undefined || (await heldValue(redis, lock.name)) !== lock.value) throw lostLock(url);
    },
    async [Symbol.asyncDispose]() {
      renewing.abort();
      renewing[Symbol.dispose]();
      // A lock that cannot be given back expires.
      if (!isLeft) await release().catch(context.onError);
    },
  };
}

interface Held {
  readonly name: string;
  readonly value: string;
}

async function keepRenewed({ engine, clock, onError }: LockContext, held: readonly Held[], signal: AbortSignal) {
  while (!signal.aborted) {
    await clock.sleep(RENEW_MS, signal).catch(() => undefined);
    if (signal.aborted) return;
    for (const { name, value } of held) await engine.redis.eval(RENEW, 1, name, value, LOCK_MS).catch(onError);
  }
}

/** An engine that does not answer cannot confirm a lock. */
async function heldValue(redis: Redis, name: string): Promise<string | null> {
  try {
    return await redis.get(name);
  } catch (cause) {
    throw new CodedError("GC2008", "the queue's engine does not confirm the lock of a server", { cause });
  }
}

export const lostLock = (url: string, cause?: unknown): CodedError =>
  new CodedError(
    "GC2008",
    `${serverAddress(url)}: this run no longer holds the lock of the server; it writes nothing more`,
    { cause },
  );
