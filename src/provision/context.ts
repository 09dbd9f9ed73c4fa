import type { Log } from "../base/log.ts";
import type { Secret } from "../base/secret.ts";
import type { Clock } from "../base/wait.ts";
import type { Audience } from "../config/framework-presets.ts";
import type { ProvisionDeclaration } from "../config/provision-input.ts";
import type { Transport } from "../glitchtip/transport.ts";
import type { StateStore } from "../outputs/state-store.ts";

/** Everything that provisioning touches outside of itself. It knows neither Docker nor the process in which it runs. */
export interface ProvisionContext {
  /** The server as this process reaches it. */
  readonly transport: Transport;
  readonly store: StateStore;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly log: Log;
  /** The user's own token. When it is left out, provisioning signs in and creates one. */
  token?(): Secret;
  /** Called only when a sign-in is necessary. */
  password(): Secret;
  /** How long the server may take to become ready. */
  readonly readyWithinMs: number;
  /** How long a first event may take from its envelope to the API. */
  readonly proofWithinMs: number;
  /** Proves the worker by a real event, also where every DSN was proved before. Default: false. */
  readonly provesWorker?: boolean;
  /** The name of the database's run: proves the worker, too, where it is another one than at the last proof. */
  readonly databaseRun?: string;
}

/** What is to be provisioned. */
export interface ProvisionRequest {
  readonly declaration: ProvisionDeclaration;
  /** The address at which each audience reaches the server. */
  readonly baseUrls: Readonly<Record<Audience, string>>;
  /** The name of our API token, and of keys that we create. */
  readonly label: string;
  /** The name of the token alone: two places that provision the same server keep a token each. */
  readonly tokenLabel?: string;
}
