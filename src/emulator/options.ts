import type { Generation } from "../glitchtip/versions.ts";
import type { Fault } from "./faults.ts";

export interface EmulatorOptions {
  /** The GlitchTip that the emulator behaves as: 4.1, 5.1 and 5.2 are recorded, 6 is read. Default "6". */
  readonly generation?: Generation;
  /** What the server says of itself. Default: what the recorded one said, which no version can be told from up to 5.2. */
  readonly version?: string;
  /** Default 0: any free port. */
  readonly port?: number;
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** Made before the server answers, as `manage.py createsuperuser` would. */
  readonly superuser?: { readonly email: string; readonly password: string };
  /** ENABLE_USER_REGISTRATION. Default "closed"; the first account always gets through. */
  readonly registration?: "open" | "closed";
  /** ENABLE_ORGANIZATION_CREATION. Default "closed"; superusers may always create. */
  readonly organizationCreation?: "open" | "closed";
  /** GLITCHTIP_DOMAIN, which the server's own DSNs carry. Default: the emulator's own address. */
  readonly domain?: string;
  /** ALLOWED_HOSTS. Default: every Host header is accepted. */
  readonly allowedHosts?: readonly string[];
  /** Without a worker events are accepted and never become readable. Default true. */
  readonly worker?: boolean;
  /** From an accepted event to a readable one. Default 300. */
  readonly processingDelayMs?: number;
  /** "empty" = no tables yet, until `migrate()`. Default "migrated". */
  readonly database?: "empty" | "migrated";
  /**
   * How long a request takes, how many are worked on at once (2, as one web worker of a real server does), and how far
   * away the server is. Default: as fast as it can.
   */
  readonly slow?: { readonly serviceMs: number; readonly atOnce?: number; readonly distanceMs?: number };
  /**
   * An organization ("Acme") of the superuser with team `backend`, projects `project-00001`… and in each `alert-1`…: every
   * n-th for 100 n events in 10 n minutes, to e-mail and to `https://hooks.example.com/<project>/<n>`.
   */
  readonly seed?: {
    readonly organization?: string;
    readonly projects: number;
    readonly alertsPerProject?: number;
  };
  readonly faults?: readonly Fault[];
  /** Keep `requests`. Default true. */
  readonly requestLog?: boolean;
  /** The clock, in milliseconds since the epoch. Default: the system's. */
  readonly now?: () => number;
}

/** One answered request. Holds no header and no body: no secret. */
export interface RequestRecord {
  readonly method: string;
  /** With the query, in which a `sentry_key` is masked. */
  readonly path: string;
  /** 0 when a fault ended the connection without an answer. */
  readonly status: number;
}

/** What the emulator holds, without secrets, for assertions. */
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
  /** Accepted, and not yet readable. */
  readonly pendingEvents: number;
}

/** A running emulator. */
export interface Emulator extends AsyncDisposable {
  /** Origin, without a trailing slash. */
  readonly url: string;
  readonly generation: Generation;
  /** In the order of the answers. */
  readonly requests: readonly RequestRecord[];
  fault(fault: Fault): void;
  clearFaults(): void;
  /** A token of the superuser, every scope by default. Needs the `superuser` option. */
  mintToken(scopes?: readonly string[], label?: string): string;
  snapshot(): Snapshot;
  /** Runs the migrations of a database that was started "empty". */
  migrate(): void;
  /** Moves the emulator's clock on: limits end, the worker gets its time. */
  advance(ms: number): void;
  close(): Promise<void>;
}
