import type { CareMemory } from "../../src/care/decisions.ts";
import type { Probes } from "../../src/care/probes.ts";
import type { SupervisedState } from "../../src/care/supervised.ts";
import type { CareSettings } from "../../src/config/service-settings.ts";

/** Noon of a Saturday. */
export const NOW_MS = Date.parse("2026-11-21T12:00:00Z");
export const MIB = 1_048_576;

/** Settings for web and worker of generation 6, with every kind of restart but the scheduled one. */
export const settings: CareSettings = {
  version: 1,
  tool: "0",
  care: {
    everySeconds: 60,
    diskPercent: 90,
    restart: { memoryPercent: 80, unhealthy: true, services: ["web", "worker"] },
  },
  services: [
    { service: "glitchtip", role: "web", graceSeconds: 30, aliveFile: false },
    { service: "glitchtip-worker", role: "worker", graceSeconds: 60, aliveFile: true },
  ],
  database: "bundled",
  valkey: "off",
  jobs: "database",
  jobQueue: "vtasks",
  worker: "glitchtip-worker",
  backups: false,
  retentionDays: 90,
  notify: [],
};

export const stateAt = (nowMs: number, more: Partial<SupervisedState> = {}): SupervisedState => ({
  at: nowMs / 1_000,
  pid: 8,
  since: nowMs / 1_000 - 3_600,
  memoryBytes: 100 * MIB,
  memoryLimitBytes: 512 * MIB,
  cpuMicroseconds: 0,
  aliveAgo: 1,
  last: null,
  ...more,
});

export const wellProbes: Probes = {
  database: async () => ({ connections: 5, partitions: [] }),
  valkey: async () => ({}),
  web: async () => {},
  certificate: async () => undefined,
  disks: async () => [{ path: "/run/glitchtip-care", usedPercent: 20, freeBytes: 1e10 }],
  provisioner: () => undefined,
  backups: () => undefined,
  service: () => stateAt(NOW_MS),
  alone: (act) => act(),
};
export const failing = async () => {
  throw new Error("connect ECONNREFUSED");
};
export const memory: CareMemory = { version: 1, told: {}, failing: {}, restartedMs: {} };
