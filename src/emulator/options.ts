import type { Generation } from "../glitchtip/versions.ts";
import type { Fault } from "./fault.ts";

export interface EmulatorOptions {
  /** The GlitchTip that the emulator behaves as: 4.1, 5.1 and 5.2 are recorded, 6 is read. Default "6". */
  readonly generation?: Generation;
  /** The version that the server states. Default: what the recorded server said, which up to 5.2 is no version. */
  readonly version?: string;
  /** Default 0, which takes a free port. */
  readonly port?: number;
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** The account that is created before the server answers, as by `manage.py createsuperuser`. */
  readonly superuser?: { readonly email: string; readonly password: string };
  /** ENABLE_USER_REGISTRATION. Default "closed"; the first account is always accepted. */
  readonly registration?: "open" | "closed";
  /** ENABLE_ORGANIZATION_CREATION. Default "closed"; superusers may always create. */
  readonly organizationCreation?: "open" | "closed";
  /** GLITCHTIP_DOMAIN, the host of the server's own DSNs. Default: the emulator's address. */
  readonly domain?: string;
  /** ALLOWED_HOSTS; a name that begins with a dot stands for the domain and all below it. Default: all are accepted. */
  readonly allowedHosts?: readonly string[];
  /** CSRF_TRUSTED_ORIGINS: a write with a session may come from these, too. Default: from the server's own address in 6. */
  readonly trustedOrigins?: readonly string[];
  /** BASE_PATH, from 5.2 on: it stands before the paths of redirects and pages, and a proxy has to strip it. Default: none. */
  readonly basePath?: string;
  /** Whether a worker runs. Without one, events are accepted and never become readable. Default true. */
  readonly worker?: boolean;
  /** The time until an accepted event becomes readable. Default 300. */
  readonly processingDelayMs?: number;
  /** An "empty" database has no tables until `migrate()` is called. Default "migrated". */
  readonly database?: "empty" | "migrated";
  /**
   * The time that a request takes, the number of requests that are served at once (default 2, like one web worker of a real
   * server), and the network latency. Default: no delays.
   */
  readonly slow?: { readonly serviceMs: number; readonly atOnce?: number; readonly distanceMs?: number };
  /**
   * Creates an organization ("Acme") of the superuser with the team `backend` and projects `project-00001`… Each project has
   * alerts `alert-1`…: the n-th is for 100 n events in 10 n minutes, by e-mail and to
   * `https://hooks.example.com/<project>/<n>`.
   */
  readonly seed?: {
    readonly organization?: string;
    readonly projects: number;
    readonly alertsPerProject?: number;
  };
  /**
   * Names of fields that organizations, projects, alerts, their recipients and monitors have in a later generation: stored,
   * answered, and set to null by a PUT that leaves them out. Default: none.
   */
  readonly laterFields?: readonly string[];
  readonly faults?: readonly Fault[];
  /** Whether `requests` is filled. Default true. */
  readonly requestLog?: boolean;
  /** Returns the time in milliseconds since the epoch. Default: the system's clock. */
  readonly now?: () => number;
}

/** One answered request. It has no headers and no body, so that it holds no secret. */
export interface RequestRecord {
  readonly method: string;
  /** Includes the query, in which a `sentry_key` is masked. */
  readonly path: string;
  /** 0 if a fault ended the connection without an answer. */
  readonly status: number;
}

/** The emulator's data without secrets, for assertions. */
export interface Snapshot {
  readonly organizations: readonly { readonly id: number; readonly slug: string; readonly name: string }[];
  readonly teams: readonly { readonly id: number; readonly organization: string; readonly slug: string }[];
  readonly projects: readonly {
    readonly id: number;
    readonly organization: string;
    readonly slug: string;
    readonly name: string;
    readonly platform: string | null;
    readonly teams: readonly string[];
    readonly deleted: boolean;
  }[];
  readonly keys: readonly { readonly project: string; readonly name: string; readonly publicKey: string }[];
  readonly tokens: readonly { readonly label: string; readonly scopes: readonly string[] }[];
  readonly events: readonly { readonly eventId: string; readonly project: string; readonly title: string }[];
  readonly issues: readonly {
    readonly id: number;
    readonly project: string;
    readonly title: string;
    readonly status: string;
    readonly count: number;
  }[];
  readonly alerts: readonly { readonly project: string; readonly name: string; readonly recipients: number }[];
  readonly monitors: readonly { readonly organization: string; readonly name: string; readonly type: string }[];
  readonly members: readonly { readonly organization: string; readonly email: string; readonly role: string }[];
  /** The number of accepted events that are not readable yet. */
  readonly pendingEvents: number;
}

/**
 * What the worker does with accepted events. `losing`: it takes them and stores none, as the worker of a real 5.2 without
 * Valkey once its database was restarted. `stopped`: they wait.
 */
export type WorkerState = "storing" | "losing" | "stopped";

/** A running emulator. */
export interface Emulator extends AsyncDisposable {
  /** The origin, without a trailing slash. */
  readonly url: string;
  readonly generation: Generation;
  /** All requests so far, in the order of their answers. */
  readonly requests: readonly RequestRecord[];
  fault(fault: Fault): void;
  clearFaults(): void;
  /** Creates a token of the superuser, by default with all scopes. It needs the option `superuser`. */
  mintToken(scopes?: readonly string[], label?: string): string;
  snapshot(): Snapshot;
  /** Runs the migrations of an "empty" database. */
  migrate(): void;
  setWorker(state: WorkerState): void;
  /** Advances the emulator's clock, so that limits expire and the worker does its work. */
  advance(ms: number): void;
  close(): Promise<void>;
}
