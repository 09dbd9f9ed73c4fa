import type { Log } from "../base/log.ts";
import type { Secret } from "../base/secret.ts";
import type { Clock } from "../base/wait.ts";
import type { Transport } from "../glitchtip/transport.ts";
import type { StateStore } from "../outputs/state-store.ts";

/** Everything provisioning touches outside itself. It knows neither Docker nor the process it runs in. */
export interface ProvisionContext {
  /** The server as this process reaches it. */
  readonly transport: Transport;
  readonly store: StateStore;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly log: Log;
  /** The user's own token; without it one is made by signing in. */
  token?(): Secret;
  /** Read only when a sign-in is due. */
  password(): Secret;
  /** How long the server may take to become ready. */
  readonly readyWithinMs: number;
  /** How long a first event may take from envelope to API. */
  readonly proofWithinMs: number;
}
