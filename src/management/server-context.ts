import type { Log } from "../base/log.ts";
import type { Clock } from "../base/wait.ts";
import { type Calls, type Credentials, openCalls } from "../glitchtip/calls/index.ts";
import { limitTransport } from "../glitchtip/limiter.ts";
import type { Transport } from "../glitchtip/transport.ts";
import type { ServerStore } from "../outputs/server-store.ts";

/** One server that can be read and changed. */
export interface ServerContext {
  readonly calls: Calls;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly log: Log;
  readonly store: ServerStore;
}

export type ServerToOpen = Omit<ServerContext, "calls"> &
  Credentials & {
    /** The transport without a limit on concurrent requests. */
    readonly transport: Transport;
    /** How often a request is retried after a transient failure. */
    readonly retries?: number | undefined;
  };

/** Opens a server with its own limit on concurrent requests. */
export function openServer({ transport, retries, ...rest }: ServerToOpen): ServerContext {
  const { clock, signal, log, store } = rest;
  const limited = limitTransport(transport, { clock });
  const attempts = retries === undefined ? undefined : retries + 1;
  return { clock, signal, log, store, calls: openCalls({ ...rest, transport: limited, attempts }) };
}
