import type { Topology } from "../glitchtip/versions.ts";

/**
 * The measurements that `size` rests on; docs/sizing.md shows them row by row. They were made on two cores, with one process
 * of each kind and everything on one machine.
 */
export const MEASURED = {
  allInOneStoredPerS: { value: 3.8, unit: "events/s", how: "GlitchTip 5.2, all in one: 100 events in 26 s" },
  workerStoredPerS: {
    value: 47,
    unit: "events/s",
    how: "GlitchTip 5.2, a worker with 4 threads and prefetch 25: 100 events in 1.2 to 2.1 s",
  },
  webAnsweredPerS: {
    value: 125,
    unit: "requests/s",
    how: "GlitchTip 5.2, one web process: full with 2 requests in flight",
  },
  allInOneMib: {
    value: 179,
    unit: "MiB",
    how: "GlitchTip 5.2, all in one: peak while 100 events came; killed with a limit below 180",
  },
  webMib: {
    value: 187,
    unit: "MiB",
    how: "GlitchTip 5.2, web: peak while 100 events came; killed with a limit of 184",
  },
  workerMib: {
    value: 190,
    unit: "MiB",
    how: "GlitchTip 5.2, a worker with 4 threads: runs with a limit of 170, keeps restarting with 150",
  },
  databaseMib: {
    value: 98,
    unit: "MiB",
    how: "Postgres 18 with its default settings, while 3,000 events were written",
  },
  eventBytes: {
    value: 9_699,
    unit: "bytes",
    how: "an error of 20.7 kB (20 frames with their source, 30 breadcrumbs) in Postgres 18 with its indices, 3,000 of them",
  },
  dumpedEventBytes: { value: 4_459, unit: "bytes", how: "the same error in a dump (pg_dump -Fc)" },
  emptyDatabaseMib: {
    value: 172,
    unit: "MiB",
    how: "Postgres 18 after its first start and 3,000 events written and removed",
  },
} as const satisfies Readonly<Record<string, { value: number; unit: string; how: string }>>;

/** Assumptions about what was not measured. */
export const ASSUMED = {
  peakOverAverage: {
    value: 10,
    unit: "×",
    why: "errors come in bursts: the busiest minute has ten times the day's average",
  },
  diskHeadroom: { value: 1.3, unit: "×", why: "deleted rows free their space late, and data is kept for one more day" },
  hostMib: { value: 512, unit: "MiB", why: "the host's own system and the engine" },
  imagesMib: { value: 4_096, unit: "MiB", why: "images, and the logs of all containers at their limit" },
} as const;

export type AnyTopology = Topology | "single-container";

export interface Expected {
  readonly eventsPerDay: number;
  readonly retentionDays: number;
  /** Adds a proxy, and runs the worker apart. */
  readonly production?: boolean;
  /** The topology where it is decided already. */
  readonly topology?: AnyTopology | undefined;
  /** The topologies that the image can run. */
  readonly possible?: readonly Topology[];
}

export interface PostgresSettings {
  readonly shared_buffers: string;
  readonly effective_cache_size: string;
  readonly work_mem: string;
  readonly maintenance_work_mem: string;
  readonly max_wal_size: string;
}

export interface Sizing {
  readonly eventsPerDay: number;
  readonly retentionDays: number;
  readonly peakPerS: number;
  readonly topology: AnyTopology;
  /** MiB by the key below `limits`. */
  readonly memoryMib: Readonly<Partial<Record<"web" | "worker" | "database" | "proxy", number>>>;
  /** Memory of the whole machine, with the one-shots that run at the start. */
  readonly hostMib: number;
  readonly diskMib: { readonly data: number; readonly eachBackup: number; readonly host: number };
  readonly postgres: PostgresSettings;
  /** False for more events than were measured; `load` tells whether the size holds. */
  readonly measured: boolean;
}

const MIB = 1024 * 1024;
const DAY_S = 86_400;
const PROCESS_MIB = 512;
const PROXY_MIB = 128;
/** The provisioner's limit: it runs beside everything else. */
const PROVISIONER_MIB = 128;

/** The database's memory limit and write-ahead log by the size of its data. The last row serves everything above. */
const DATABASE = [
  { upToMib: 10 * 1024, memoryMib: 512, walGib: 1 },
  { upToMib: 50 * 1024, memoryMib: 1024, walGib: 2 },
  { upToMib: 200 * 1024, memoryMib: 2048, walGib: 4 },
  { upToMib: Number.POSITIVE_INFINITY, memoryMib: 4096, walGib: 4 },
] as const;

/** The sizes that machines are sold in. */
const HOSTS_GIB = [1, 2, 4, 8, 16, 32];

/** Returns what a stack needs for so many events. */
export function sizeFor(expected: Expected): Sizing {
  const { eventsPerDay, retentionDays, production = false } = expected;
  const peakPerS = (eventsPerDay / DAY_S) * ASSUMED.peakOverAverage.value;
  const topology = expected.topology ?? topologyFor(expected, peakPerS);
  const stored = eventsPerDay * retentionDays;
  const dataMib =
    MEASURED.emptyDatabaseMib.value + (stored * MEASURED.eventBytes.value * ASSUMED.diskHeadroom.value) / MIB;
  const tier = DATABASE.find(({ upToMib }) => dataMib <= upToMib) ?? DATABASE[3];
  const memoryMib = {
    ...memoryOf(topology, tier.memoryMib),
    ...(production && { proxy: PROXY_MIB }),
  };
  const limits = Object.values(memoryMib).reduce((sum, mib) => sum + mib, 0);
  const neededGib = (limits + PROVISIONER_MIB + ASSUMED.hostMib.value) / 1024;
  const eachBackup = Math.ceil((stored * MEASURED.dumpedEventBytes.value) / MIB);
  const data = Math.ceil(dataMib + tier.walGib * 1024);
  return {
    eventsPerDay,
    retentionDays,
    peakPerS: Math.round(peakPerS * 100) / 100,
    topology,
    memoryMib,
    hostMib: (HOSTS_GIB.find((gib) => gib >= neededGib) ?? Math.ceil(neededGib)) * 1024,
    diskMib: { data, eachBackup, host: data + ASSUMED.imagesMib.value },
    postgres: postgresFor(tier),
    measured: peakPerS <= storedPerS(topology),
  };
}

const storedPerS = (topology: AnyTopology): number =>
  topology === "all-in-one" ? MEASURED.allInOneStoredPerS.value : MEASURED.workerStoredPerS.value;

const topologyFor = ({ production, possible = ["all-in-one"] }: Expected, peakPerS: number): Topology =>
  production !== true && possible.includes("all-in-one") && peakPerS <= storedPerS("all-in-one")
    ? "all-in-one"
    : "split";

function memoryOf(topology: AnyTopology, databaseMib: number): Sizing["memoryMib"] {
  switch (topology) {
    case "all-in-one":
      return { web: PROCESS_MIB, database: databaseMib };
    case "split":
      return { web: PROCESS_MIB, worker: PROCESS_MIB, database: databaseMib };
    case "single-container":
      // All processes run in one container, which has the web's limit.
      return { web: 2 * PROCESS_MIB + databaseMib };
  }
}

/** Returns the shares of the memory limit that Postgres's documentation recommends for a machine of that size. */
const postgresFor = ({ memoryMib, walGib }: (typeof DATABASE)[number]): PostgresSettings => ({
  shared_buffers: `${memoryMib / 4}MB`,
  effective_cache_size: `${(memoryMib / 4) * 3}MB`,
  work_mem: `${Math.max(4, memoryMib / 128)}MB`,
  maintenance_work_mem: `${memoryMib / 8}MB`,
  max_wal_size: `${walGib}GB`,
});

/** Returns the size as keys of the declaration. */
export function declaredFor({ topology, retentionDays, memoryMib, postgres }: Sizing) {
  return {
    server: { topology, retention: { events: `${retentionDays}d` } },
    limits: Object.fromEntries(Object.entries(memoryMib).map(([part, mib]) => [part, { memory: `${mib}m` }])),
    // In a single container Postgres has its own settings.
    ...(topology !== "single-container" && { postgres }),
  };
}
