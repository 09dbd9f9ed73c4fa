/**
 * What the advice of `size` rests on; docs/sizing.md shows it row by row. Two cores, one process of each kind, everything on
 * one machine.
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
  allInOneMib: { value: 179, unit: "MiB", how: "highest while 100 events came; dies below 180" },
  webMib: { value: 187, unit: "MiB", how: "highest while 100 events came; dies at 184" },
  workerMib: { value: 190, unit: "MiB", how: "4 threads: started with 170; restarts for ever with 150" },
  databaseMib: { value: 98, unit: "MiB", how: "Postgres 18 as it comes, while 3,000 events were written" },
  eventBytes: {
    value: 9_699,
    unit: "bytes",
    how: "an error of 20.7 kB (20 frames with their source, 30 breadcrumbs) in Postgres 18 with its indices, 3,000 of them",
  },
  dumpedEventBytes: { value: 4_459, unit: "bytes", how: "the same in a dump (pg_dump -Fc)" },
  emptyDatabaseMib: {
    value: 172,
    unit: "MiB",
    how: "Postgres 18 after its first start and 3,000 events written and removed",
  },
} as const satisfies Readonly<Record<string, { value: number; unit: string; how: string }>>;

/** What was not measured, and is assumed. */
export const ASSUMED = {
  peakOverAverage: { value: 10, why: "errors come in bursts: the busiest minute has ten times the day's average" },
  diskHeadroom: { value: 1.3, why: "what is deleted is given back late, and one more day is kept" },
  hostMib: { value: 512, why: "the host's own system and the engine" },
  imagesMib: { value: 4_096, why: "images, and the logs of all containers at their limit" },
} as const;
