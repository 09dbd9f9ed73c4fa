import { ALL_IN_ONE, CELERY_WORKER, type ServerRole, UWSGI_WEB, VTASKS_WORKER, WEB } from "./server-roles.ts";
import { EARLY_RECIPIENT_TYPES, RECIPIENT_TYPES } from "./wire/recipient-types.ts";

export type { ServerRole };

/**
 * The generations of GlitchTip, a row each from the oldest to the newest. What differs between them is in RANGES below, so
 * a new generation that behaves like the one before it is one more row here. docs/development.md says how to add one.
 */
const RELEASES = [
  { generation: "4.1", release: "4.1.5", tags: ["v4.1.5"], knownFrom: "recordings" },
  { generation: "5.1", release: "5.1.1", tags: ["v5.1.1"], knownFrom: "recordings" },
  { generation: "5.2", release: "5.2.1", tags: ["v5.2.1", "5.2.1", "5"], knownFrom: "recordings" },
  { generation: "6", release: "6.2.6", tags: ["6", "6.2", "6.2.6"], knownFrom: "reading" },
] as const;

export type Generation = (typeof RELEASES)[number]["generation"];
export type Topology = "all-in-one" | "split";

export const GENERATIONS = RELEASES.map(({ generation }) => generation) as unknown as readonly [
  Generation,
  ...Generation[],
];

/** Types of monitors, the same in all generations (monitors scenario). */
export const MONITOR_TYPES = ["Ping", "GET", "POST", "TCP Port", "SSL", "Heartbeat"] as const;

/** What is kept for a number of days each. */
export const RETENTION_KINDS = ["events", "transactions", "uptime", "files", "logs", "releases"] as const;
export type RetentionKind = (typeof RETENTION_KINDS)[number];

/** What hands jobs to the worker: Celery with kombu's tables or lists, or GlitchTip's own django-vtasks. */
export type JobQueue = "celery" | "vtasks";

/** The lists in which jobs wait in Valkey (kombu.transport.redis; django-vtasks with the queues of GlitchTip's settings: run with 2.1). */
export const VALKEY_LISTS: Readonly<Record<JobQueue, readonly string[]>> = {
  celery: ["celery"],
  vtasks: ["{vt}:q:default", "{vt}:q:ingest"],
};

/** What a generation can do and how it is run. */
interface Traits {
  /** The first one is the default. */
  readonly topologies: readonly Topology[];
  /** Why a topology is missing above. */
  readonly topologyReason?: string;
  /** The oldest major that it runs on. */
  readonly leastPostgres: number;
  readonly needsValkey: boolean;
  /** Is true where accepted events are lost without Valkey when the database restarts (docs/sizing.md). */
  readonly losesEventsWithoutValkey?: boolean;
  /** Variables that carry Valkey's address; empty means Postgres alone. Unset would mean redis://redis:6379/0. */
  readonly valkeyVariables: readonly string[];
  /** The variable for its address's path (Django's FORCE_SCRIPT_NAME; read); without it only the root of a host works. */
  readonly basePathVariable?: string;
  /** Without Valkey an invitation is answered with 500. */
  readonly invitesWithValkeyOnly: boolean;
  readonly web: ServerRole;
  readonly worker: ServerRole;
  readonly allInOne?: ServerRole;
  readonly jobQueue: JobQueue;
  /** The variables of days, by kind; the one of events is the default of the others. A missing kind cannot be set. */
  readonly retentionVariables: Readonly<Partial<Record<RetentionKind, string>>>;
  /** Its first migration moves the events of an earlier generation into a table that nothing empties. */
  readonly archivesEarlierEvents: boolean;
  /** What an alert may be sent to (alerts scenario, "unknown recipient type"). */
  readonly recipientTypes: readonly string[];
  /** An alert can be tried through its recipients. */
  readonly testsAlerts?: boolean;
  /** Whether a recipient's `tagsToAdd` are accepted, and returned (alerts scenario, "tags to add"). */
  readonly recipientTags: "none" | "untold" | "told";
  /** A monitor counts as down after a number of failed checks, its `confirmationThreshold` (read). */
  readonly confirmsMonitors?: boolean;
  /** Alerts and monitors to private addresses are refused, unless the operator allows them. */
  readonly refusesPrivateAddresses: boolean;
  /** Behind an https domain its cookies are Secure: over plain http only a client that keeps them by hand stays signed in. */
  readonly secureCookies: boolean;
  /** What a write with a session has to carry beside its cookies (sign-in scenario). */
  readonly csrfHeaders: readonly string[];
  /** Its web server closes kept-alive connections under bursts, which leaves the outcome of a write unknown. */
  readonly closesConnections: boolean;
  /** What an event with a wrong key locks out for 30 seconds (ingest scenario). */
  readonly wrongKeyBlocks: "project" | "key";
}

export interface Capabilities extends Traits {
  readonly generation: Generation;
  /** A version of it, as its server reports it. */
  readonly release: string;
  /** Tags of its images, for example. */
  readonly tags: readonly string[];
  /** Whether running servers were recorded, or only sources and documents read. */
  readonly knownFrom: "recordings" | "reading";
}

/** The port inside the container. The images' own default differs (8080, granian 8000), so PORT is always set. */
export const SERVER_PORT = 8000;

interface GenerationRange {
  /** The first generation; without it the oldest. */
  readonly since?: Generation;
  /** The last generation; without it the newest, also one that is added later. */
  readonly until?: Generation;
}

interface Range<T> extends GenerationRange {
  readonly value: T;
}

/**
 * For each trait the generations that have a value. Sources: the contract recordings of 4.1, 5.1 and 5.2, GlitchTip's
 * public source for the image's scripts and settings, and docs/glitchtip-facts.md.
 */
const RANGES: { readonly [Trait in keyof Traits]-?: readonly Range<NonNullable<Traits[Trait]>>[] } = {
  topologies: [
    { until: "5.2", value: ["split"] },
    { since: "6", value: ["all-in-one", "split"] },
  ],
  topologyReason: [
    { until: "5.2", value: "before generation 6 the all-in-one process ignores TERM, PORT and the worker's tuning" },
  ],
  leastPostgres: [
    { until: "4.1", value: 13 },
    { since: "5.1", value: 14 },
  ],
  needsValkey: [
    { until: "5.1", value: true },
    { since: "5.2", value: false },
  ],
  losesEventsWithoutValkey: [{ since: "5.2", until: "5.2", value: true }],
  // Up to 5.1 the settings know only REDIS_URL, from 5.2 on VALKEY_URL comes first.
  valkeyVariables: [
    { until: "5.1", value: ["VALKEY_URL", "REDIS_URL"] },
    { since: "5.2", value: ["VALKEY_URL"] },
  ],
  basePathVariable: [{ since: "5.2", value: "BASE_PATH" }],
  invitesWithValkeyOnly: [
    { until: "5.1", value: false },
    { since: "5.2", until: "5.2", value: true },
    { since: "6", value: false },
  ],
  web: [
    { until: "5.2", value: UWSGI_WEB },
    { since: "6", value: WEB },
  ],
  worker: [
    { until: "5.2", value: CELERY_WORKER },
    { since: "6", value: VTASKS_WORKER },
  ],
  allInOne: [{ since: "6", value: ALL_IN_ONE }],
  jobQueue: [
    { until: "5.2", value: "celery" },
    { since: "6", value: "vtasks" },
  ],
  retentionVariables: [
    {
      until: "5.2",
      // No files: the settings of 5.x read the variable of events there, whatever GLITCHTIP_MAX_FILE_LIFE_DAYS says.
      value: {
        events: "GLITCHTIP_MAX_EVENT_LIFE_DAYS",
        transactions: "GLITCHTIP_MAX_TRANSACTION_EVENT_LIFE_DAYS",
        uptime: "GLITCHTIP_MAX_UPTIME_CHECK_LIFE_DAYS",
      },
    },
    {
      since: "6",
      value: {
        events: "GLITCHTIP_RETENTION_DAYS",
        transactions: "GLITCHTIP_TRANSACTION_RETENTION_DAYS",
        uptime: "GLITCHTIP_UPTIME_RETENTION_DAYS",
        files: "GLITCHTIP_FILE_RETENTION_DAYS",
        logs: "GLITCHTIP_LOG_RETENTION_DAYS",
        releases: "GLITCHTIP_RELEASE_RETENTION_DAYS",
      },
    },
  ],
  archivesEarlierEvents: [
    { until: "5.2", value: false },
    { since: "6", value: true },
  ],
  recipientTypes: [
    { until: "5.2", value: EARLY_RECIPIENT_TYPES },
    { since: "6", value: RECIPIENT_TYPES },
  ],
  testsAlerts: [{ since: "6", value: true }],
  recipientTags: [
    { until: "4.1", value: "none" },
    { since: "5.1", until: "5.2", value: "untold" },
    { since: "6", value: "told" },
  ],
  confirmsMonitors: [{ since: "6", value: true }],
  refusesPrivateAddresses: [
    { until: "5.2", value: false },
    { since: "6", value: true },
  ],
  secureCookies: [
    { until: "5.2", value: false },
    { since: "6", value: true },
  ],
  csrfHeaders: [
    { until: "5.2", value: ["x-csrftoken"] },
    { since: "6", value: ["x-csrftoken", "origin"] },
  ],
  closesConnections: [
    { until: "5.2", value: true },
    { since: "6", value: false },
  ],
  wrongKeyBlocks: [
    { until: "5.2", value: "project" },
    { since: "6", value: "key" },
  ],
};

/** True where a range includes the generation. */
export function isInRange(
  generation: Generation,
  { since = generation, until = generation }: GenerationRange,
): boolean {
  const at = GENERATIONS.indexOf(generation);
  return GENERATIONS.indexOf(since) <= at && at <= GENERATIONS.indexOf(until);
}

/** Returns the traits of one generation, each from the range that includes it. */
function capabilitiesOf(row: (typeof RELEASES)[number]): Capabilities {
  const traits = Object.entries(RANGES).flatMap(([trait, ranges]) => {
    const found = (ranges as readonly Range<unknown>[]).find((range) => isInRange(row.generation, range));
    return found === undefined ? [] : [[trait, found.value]];
  });
  return { ...row, ...(Object.fromEntries(traits) as Traits) };
}

export const CAPABILITIES = Object.fromEntries(
  RELEASES.map((row) => [row.generation, capabilitiesOf(row)]),
) as Readonly<Record<Generation, Capabilities>>;

export interface FoundGeneration {
  /** The one to treat it as. */
  readonly generation: Generation;
  /** False for a version that nobody recorded; the nearest generation stands in. */
  readonly known: boolean;
  /** Older than anything recorded. */
  readonly tooOld: boolean;
}

/** Returns the generation of an image's tag (v4.1.5, 5.2, 6), or undefined for `latest`, a digest or an own name. */
export function generationOf(image: string): FoundGeneration | undefined {
  const name = image.replace(/@.*$/, "");
  const tag = name.slice(name.lastIndexOf("/") + 1).split(":")[1];
  return tag === undefined ? undefined : generationOfVersion(tag);
}

const ROWS = RELEASES.map(({ generation, tags }) => {
  const [major = 0, minor] = generation.split(".").map(Number);
  return { generation, major, minor, isNewestOfMajor: (tags as readonly string[]).includes(String(major)) };
});

/** Returns the generation of a version from /api/settings/ or a tag. A leading v and what follows the numbers are ignored. */
export function generationOfVersion(version: string): FoundGeneration | undefined {
  const numbers = /^v?(\d{1,3})(?:\.(\d{1,3}))?(?:[.\-+].*)?$/.exec(version);
  if (numbers === null || /^v?0\.0\.0/.test(version)) return undefined;
  const major = Number(numbers[1]);
  // A tag without a minor number moves along with the newest of its major.
  const minor = numbers[2] === undefined ? Number.POSITIVE_INFINITY : Number(numbers[2]);
  const isReached = (row: (typeof ROWS)[number]) =>
    row.major < major || (row.major === major && (row.minor ?? 0) <= minor);
  const [oldest] = ROWS;
  const reached = ROWS.filter(isReached);
  if (oldest === undefined) return undefined;
  if (reached.length === 0) return { generation: oldest.generation, known: false, tooOld: true };
  // Before the first one of its major that is known, as 5.0 is, that one is nearer than the last of the major before.
  const nearest = reached.findLast((row) => row.major === major) ?? ROWS.find((row) => row.major === major);
  const row = nearest ?? reached.at(-1) ?? oldest;
  const isMinor = numbers[2] === undefined ? row.isNewestOfMajor : row.minor === undefined || row.minor === minor;
  return { generation: row.generation, known: row.major === major && isMinor, tooOld: false };
}
