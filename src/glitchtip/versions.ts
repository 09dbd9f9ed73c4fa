import { EARLY_RECIPIENT_TYPES, RECIPIENT_TYPES } from "./wire/recipient-types.ts";

/**
 * What differs between GlitchTip's generations, as data: the one place that the generator and the client ask.
 * Sources: the contract recordings of 4.1, 5.1 and 5.2, GlitchTip's public source for the image's scripts and settings.
 */
export const GENERATIONS = ["4.1", "5.1", "5.2", "6"] as const;
export type Generation = (typeof GENERATIONS)[number];
export type Topology = "all-in-one" | "split";

/** Types of monitors, the same in all generations (monitors scenario). */
export const MONITOR_TYPES = ["Ping", "GET", "POST", "TCP Port", "SSL", "Heartbeat"] as const;

/** What is kept for a number of days each. */
export const RETENTION_KINDS = ["events", "transactions", "uptime", "files", "logs", "releases"] as const;
export type RetentionKind = (typeof RETENTION_KINDS)[number];

/** One process of GlitchTip's image: what is started, and with which variables beside the common ones. */
export interface Role {
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** A file that the process touches while it works; older than `aliveForS` means stuck. */
  readonly aliveFile?: { readonly path: string; readonly aliveForS: number };
}

/** What hands jobs to the worker: Celery with kombu's tables or lists, or GlitchTip's own django-vtasks. */
export type JobQueue = "celery" | "vtasks";

/** Where jobs wait in Valkey (kombu.transport.redis; django-vtasks with the queues of GlitchTip's settings: run with 2.1). */
export const VALKEY_LISTS: Readonly<Record<JobQueue, readonly string[]>> = {
  celery: ["celery"],
  vtasks: ["{vt}:q:default", "{vt}:q:ingest"],
};

export interface Capabilities {
  readonly generation: Generation;
  /** Of the image, for example. */
  readonly tags: readonly string[];
  /** From running servers, or only from sources and documents. */
  readonly knownFrom: "recordings" | "reading";
  /** The first one is the default. */
  readonly topologies: readonly Topology[];
  /** Why a topology is missing above. */
  readonly topologyReason?: string;
  /** The oldest major that it runs on. */
  readonly leastPostgres: number;
  readonly needsValkey: boolean;
  /** Variables that carry Valkey's address; empty = Postgres alone. Unset would mean redis://redis:6379/0. */
  readonly valkeyVariables: readonly string[];
  readonly web: Role;
  readonly worker: Role;
  readonly allInOne?: Role;
  readonly jobQueue: JobQueue;
  /** By kind, a number of days; the one of events is also the default of the others. A kind that is missing cannot be set. */
  readonly retentionVariables: Readonly<Partial<Record<RetentionKind, string>>>;
  /** What an alert may be sent to (alerts scenario, "unknown recipient type"). */
  readonly recipientTypes: readonly string[];
  /** An alert can be tried through its recipients. */
  readonly testsAlerts: boolean;
  /** Whether a recipient's `tagsToAdd` are taken, and told again (alerts scenario, "tags to add"). */
  readonly recipientTags: "none" | "untold" | "told";
  /** Alerts and monitors to inner addresses, unless the operator allows them. */
  readonly refusesPrivateAddresses: boolean;
  /** Behind an https domain its cookies are Secure: over inner http only a client that keeps them by hand stays signed in. */
  readonly secureCookies: boolean;
  /** What a write with a session has to carry beside its cookies (sign-in scenario). */
  readonly csrfHeaders: readonly string[];
  /** Its web server closes kept-alive connections under bursts: an unknown outcome for a write. */
  readonly closesConnections: boolean;
  /** What an event with a wrong key locks out for 30 seconds (ingest scenario). */
  readonly wrongKeyBlocks: "project" | "key";
}

/** The port inside the container. The images' own default differs (8080, granian 8000), so PORT is always set. */
export const SERVER_PORT = 8000;

const START = ["./bin/start.sh"] as const;

const celery = {
  knownFrom: "recordings",
  leastPostgres: 14,
  web: { command: START, environment: { SERVER_ROLE: "web" } },
  worker: {
    command: START,
    environment: {
      SERVER_ROLE: "worker_with_beat",
      // The script sets these without exporting them: without ours 100 events take 26 s instead of 2.
      CELERY_WORKER_POOL: "threads",
      CELERY_WORKER_CONCURRENCY: "4",
      CELERY_WORKER_PREFETCH_MULTIPLIER: "25",
    },
  },
  jobQueue: "celery",
  topologies: ["split"],
  topologyReason: "before generation 6 the all-in-one process ignores TERM, PORT and the worker's tuning",
  // No files: the settings of 5.x read the variable of events there, whatever GLITCHTIP_MAX_FILE_LIFE_DAYS says.
  retentionVariables: {
    events: "GLITCHTIP_MAX_EVENT_LIFE_DAYS",
    transactions: "GLITCHTIP_MAX_TRANSACTION_EVENT_LIFE_DAYS",
    uptime: "GLITCHTIP_MAX_UPTIME_CHECK_LIFE_DAYS",
  },
  recipientTypes: EARLY_RECIPIENT_TYPES,
  testsAlerts: false,
  recipientTags: "untold",
  refusesPrivateAddresses: false,
  secureCookies: false,
  csrfHeaders: ["x-csrftoken"],
  closesConnections: true,
  wrongKeyBlocks: "project",
} as const satisfies Partial<Capabilities>;

/** Up to 5.1 the settings know only REDIS_URL, from 5.2 on VALKEY_URL comes first. */
const withRedis = { needsValkey: true, valkeyVariables: ["VALKEY_URL", "REDIS_URL"] } as const;

const ALIVE_FILE = "/tmp/worker-alive";

export const CAPABILITIES: Readonly<Record<Generation, Capabilities>> = {
  "4.1": {
    ...celery,
    generation: "4.1",
    tags: ["v4.1.5"],
    leastPostgres: 13,
    ...withRedis,
    recipientTags: "none",
  },
  "5.1": {
    ...celery,
    generation: "5.1",
    tags: ["v5.1.1"],
    ...withRedis,
  },
  "5.2": {
    ...celery,
    generation: "5.2",
    tags: ["v5.2.1", "5.2.1", "5"],
    needsValkey: false,
    valkeyVariables: ["VALKEY_URL"],
  },
  "6": {
    generation: "6",
    tags: ["6", "6.2", "6.2.6"],
    knownFrom: "reading",
    topologies: ["all-in-one", "split"],
    leastPostgres: 14,
    needsValkey: false,
    valkeyVariables: ["VALKEY_URL"],
    web: { command: START, environment: { SERVER_ROLE: "web" } },
    worker: {
      // What bin/run-worker.sh does, which passes no arguments on.
      command: ["./manage.py", "runworker", "--scheduler", "--health-check-file", ALIVE_FILE],
      environment: { SERVER_ROLE: "worker", IS_WORKER: "true" },
      aliveFile: { path: ALIVE_FILE, aliveForS: 15 },
    },
    jobQueue: "vtasks",
    allInOne: { command: START, environment: { SERVER_ROLE: "all_in_one", SKIP_INIT: "true" } },
    retentionVariables: {
      events: "GLITCHTIP_RETENTION_DAYS",
      transactions: "GLITCHTIP_TRANSACTION_RETENTION_DAYS",
      uptime: "GLITCHTIP_UPTIME_RETENTION_DAYS",
      files: "GLITCHTIP_FILE_RETENTION_DAYS",
      logs: "GLITCHTIP_LOG_RETENTION_DAYS",
      releases: "GLITCHTIP_RELEASE_RETENTION_DAYS",
    },
    recipientTypes: RECIPIENT_TYPES,
    testsAlerts: true,
    recipientTags: "told",
    refusesPrivateAddresses: true,
    secureCookies: true,
    csrfHeaders: ["x-csrftoken", "origin"],
    closesConnections: false,
    wrongKeyBlocks: "key",
  },
};

export interface FoundGeneration {
  /** The one to treat it as. */
  readonly generation: Generation;
  /** False: a version that nobody recorded; the nearest generation stands in. */
  readonly known: boolean;
  /** Older than anything recorded. */
  readonly tooOld: boolean;
}

/** From an image's tag: v4.1.5, 5.2, 6. Undefined where the tag tells nothing (latest, a digest, an own name). */
export function generationOf(image: string): FoundGeneration | undefined {
  const name = image.replace(/@.*$/, "");
  const tag = name.slice(name.lastIndexOf("/") + 1).split(":")[1];
  return tag === undefined ? undefined : generationOfVersion(tag);
}

/** From what /api/settings/ says, or a tag: a leading v and anything after the numbers are ignored. */
export function generationOfVersion(version: string): FoundGeneration | undefined {
  const numbers = /^v?(\d{1,3})(?:\.(\d{1,3}))?(?:[.\-+].*)?$/.exec(version);
  if (numbers === null || /^v?0\.0\.0/.test(version)) return undefined;
  const major = Number(numbers[1]);
  // A tag without a minor number moves along with the newest of its major.
  const minor = numbers[2] === undefined ? Number.POSITIVE_INFINITY : Number(numbers[2]);
  const found = (generation: Generation, known: boolean, tooOld = false) => ({ generation, known, tooOld });
  if (major >= 6) return found("6", major === 6);
  if (major === 5)
    return minor >= 2 ? found("5.2", minor === 2 || numbers[2] === undefined) : found("5.1", minor === 1);
  if (major === 4 && minor >= 1) return found("4.1", minor === 1);
  return found("4.1", false, true);
}
