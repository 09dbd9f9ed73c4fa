import { setMaxListeners } from "node:events";
import type { Log } from "../base/log.ts";
import type { Secret } from "../base/secret.ts";
import type { Clock } from "../base/wait.ts";
import { type Calls, openCalls } from "../glitchtip/calls/index.ts";
import { limitTransport, openLimiter } from "../glitchtip/limiter.ts";
import type { Transport } from "../glitchtip/transport.ts";
import type { ServerStore } from "../outputs/server-store.ts";

/** One server to read and to change. */
export interface ServerContext {
  readonly calls: Calls;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly log: Log;
  readonly store: ServerStore;
}

export interface ServerToOpen extends Omit<ServerContext, "calls"> {
  /** Not limited yet. */
  readonly transport: Transport;
  readonly token: Secret;
  /** How often a request is repeated after a passing failure. */
  readonly retries?: number | undefined;
}

/** With a limit of its own on what is in flight. */
export function openServer({ transport, token, retries, ...context }: ServerToOpen): ServerContext {
  const { clock, signal } = context;
  // Every request in flight listens: more than the ten that Node takes for a leak.
  setMaxListeners(0, signal);
  const limited = limitTransport(transport, openLimiter({ clock }), clock);
  const tries = retries === undefined ? undefined : retries + 1;
  return { ...context, calls: openCalls({ transport: limited, token, clock, signal, tries }) };
}
