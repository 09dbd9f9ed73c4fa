import { describe, expect, it } from "vitest";
import {
  partitionedTables,
  partitionProblems,
  queueFinding,
  queueMemory,
} from "../../../src/care/database-findings.ts";
import { servicesAboveLimit, wantedRestart } from "../../../src/care/decisions.ts";
import { lookAround } from "../../../src/care/look.ts";
import type { Probes } from "../../../src/care/probes.ts";
import { memoryPercent } from "../../../src/care/supervised.ts";
import type { CareSettings } from "../../../src/config/service-settings.ts";
import { failing, MIB, memory, NOW_MS, settings, stateAt, wellProbes } from "../../support/cared-for.ts";

const DAY_MS = 86_400_000;

describe("a look at everything", () => {
  const problems = async (probes: Partial<Probes>, more: Partial<CareSettings> = {}) =>
    (await lookAround({ ...wellProbes, ...probes }, { ...settings, ...more }, NOW_MS)).findings.flatMap(
      ({ event, problem }) => (problem === undefined ? [] : [`${event}: ${problem}`]),
    );

  it("finds no problem where all is well", async () => {
    expect(await problems({})).toEqual([]);
  });

  it("continues where something does not answer", async () => {
    const found = await problems({
      database: failing,
      web: failing,
      disks: async () => [{ path: "/backups", usedPercent: 97, freeBytes: 3 * MIB }],
    });
    expect(found).toEqual([
      "service-unhealthy: glitchtip-db does not answer: connect ECONNREFUSED",
      "service-unhealthy: glitchtip does not answer: connect ECONNREFUSED",
      "disk-low: the disk of the backups is 97 % full, 3 MiB are free",
    ]);
  });

  it("names the programs of a single container and the command for their logs", async () => {
    const inside = { ...settings, database: "inside", valkey: "inside" } as const;
    const { findings } = await lookAround(
      { ...wellProbes, database: failing, valkey: failing, web: failing },
      inside,
      NOW_MS,
    );
    expect(findings.filter(({ problem }) => problem).map(({ about, remedy }) => [about, remedy])).toEqual([
      ["postgres", "npx glitchtip-compose logs postgres"],
      ["valkey", "npx glitchtip-compose logs valkey"],
      ["web", "npx glitchtip-compose logs web"],
    ]);
  });

  it("asks Valkey only where the stack has one", async () => {
    expect(await problems({ valkey: failing })).toEqual([]);
    expect(await problems({ valkey: failing }, { valkey: "bundled" })).toHaveLength(1);
  });

  it("finds a certificate near its end, a degraded provisioner, a failed backup", async () => {
    const certificate = {
      known: true,
      notAfter: "2026-11-25T00:00:00.000Z",
      daysLeft: 3,
      state: "near",
      forDomain: true,
      trusted: true,
    } as const;
    const error = { code: "GC1301", message: "the admin's password was refused" };
    expect(
      await problems(
        {
          certificate: async () => certificate,
          provisioner: () => ({ version: 1, error }) as never,
          backups: () => ({ failed: { at: "2026-11-21T03:15:00Z", code: "GC1801", message: "pg_dump failed" } }),
        },
        { certificate: { domain: "errors.example.com", host: "x", port: 443 } },
      ),
    ).toEqual([
      "provisioner-degraded: the provisioner says GC1301: the admin's password was refused",
      expect.stringMatching(/^backup-failed: the last backup failed: GC1801: pg_dump failed/),
      expect.stringMatching(/^certificate-near-end: the certificate ends on 2026-11-25.*in 3 days/),
    ]);
  });
});

describe("the queue", () => {
  const stuck = (more: Partial<CareSettings>, look: object, queue?: { waiting: number; sinceMs: number }, state = {}) =>
    queueFinding(
      { ...settings, ...more },
      { ...wellProbes, service: () => stateAt(NOW_MS, state) },
      { findings: [], valkeyIsWell: true, webIsWell: true, ...look },
      queue,
      NOW_MS,
    )[0]?.problem;
  const jobs = (waiting: number, lastTakenMs?: number) => ({
    database: { connections: 1, partitions: [], jobs: { waiting, ...(lastTakenMs && { lastTakenMs }) } },
  });

  it("is stuck in Postgres when jobs wait and none was taken for two minutes", () => {
    expect(stuck({ jobs: "database" }, jobs(3, 119_000))).toBeUndefined();
    expect(stuck({ jobs: "database" }, jobs(0, 999_000))).toBeUndefined();
    expect(stuck({ jobs: "database" }, jobs(3, 121_000))).toBe("3 jobs wait, none was taken for 2 minutes");
  });

  it("is stuck in Postgres when the oldest job of generation 6 has waited for more than two minutes", () => {
    const oldest = (oldestMs: number) => ({
      database: { connections: 1, partitions: [], jobs: { waiting: 3, oldestMs } },
    });
    expect(stuck({}, oldest(119_000))).toBeUndefined();
    expect(stuck({}, oldest(300_000))).toBe("3 jobs wait, the oldest for 5 minutes");
    expect(stuck({}, oldest(300_000), undefined, { aliveAgo: 600 })).toBe("it has done nothing for 10 minutes");
  });

  it("is stuck in Valkey when it has not become shorter for two minutes", () => {
    const first = queueMemory(undefined, 5, NOW_MS - 130_000);
    const grown = queueMemory(first, 9, NOW_MS - 60_000);
    expect(stuck({ jobs: "valkey" }, {}, queueMemory(grown, 9, NOW_MS))).toMatch(
      /9 jobs wait, and the queue has not become shorter for 2 minutes/,
    );
    expect(stuck({ jobs: "valkey" }, {}, queueMemory(grown, 8, NOW_MS))).toBeUndefined();
    expect(stuck({ jobs: "valkey" }, {}, queueMemory(first, 0, NOW_MS))).toBeUndefined();
  });

  it("of 5.2 without Valkey is stuck when the worker is older than the database, whatever it takes", () => {
    const celery = { jobs: "database", jobQueue: "celery" } as const;
    const look = (startedMs: number) => {
      const { database } = jobs(0, 1_000);
      return { database: { ...database, startedMs } };
    };
    const since = (NOW_MS - 60_000) / 1_000;
    expect(stuck(celery, look(NOW_MS - 120_000), undefined, { since })).toBeUndefined();
    expect(stuck(celery, look(NOW_MS - 30_000), undefined, { since })).toMatch(/started before its database/);
    expect(stuck({ ...celery, jobs: "valkey" }, look(NOW_MS - 30_000), undefined, { since })).toBeUndefined();
    expect(stuck({ ...celery, jobQueue: "vtasks" }, look(NOW_MS - 30_000), undefined, { since })).toBeUndefined();
  });

  it("of generation 6 is stuck when the worker does not touch its file, but not when its container is down", () => {
    expect(stuck({}, {}, undefined, { aliveAgo: 5 })).toBeUndefined();
    expect(stuck({}, {}, undefined, { aliveAgo: 600 })).toBe("it has done nothing for 10 minutes");
    expect(stuck({}, {}, undefined, { aliveAgo: null })).toBe("it has done nothing for 60 minutes");
    expect(stuck({}, {}, undefined, { aliveAgo: 600, at: NOW_MS / 1_000 - 60 })).toBeUndefined();
  });
});

describe("partitions", () => {
  const end = (ms: number) => `${new Date(ms).toISOString().slice(0, 10)} 00:00:00+00`;
  const table = (...ends: (string | null)[]) => partitionedTables(ends.map((one) => ({ table: "events", end: one })));
  const problems = (...ends: (string | null)[]) => partitionProblems(table(...ends), 90, NOW_MS);

  it("are fine with one for tomorrow and none that is too old", () => {
    expect(problems(end(NOW_MS - 96 * DAY_MS), end(NOW_MS + 2 * DAY_MS))).toEqual([]);
  });

  it("are a problem without one for tomorrow, or with one that was not dropped", () => {
    expect(problems(end(NOW_MS + DAY_MS))).toEqual(["events has partitions until 2026-11-22 only: none for tomorrow"]);
    expect(problems(end(NOW_MS - 98 * DAY_MS), end(NOW_MS + 2 * DAY_MS))).toHaveLength(1);
  });

  it("of generation 6 end at the time in a UUIDv7, and archived tables are skipped", () => {
    const uuid = (ms: number) => {
      const hex = ms.toString(16).padStart(12, "0");
      return `${hex.slice(0, 8)}-${hex.slice(8)}-7000-8000-000000000000`;
    };
    expect(problems(uuid(NOW_MS + 2 * DAY_MS))).toEqual([]);
    expect(problems(uuid(Date.UTC(2026, 10, 22)))).toEqual([
      "events has partitions until 2026-11-22 only: none for tomorrow",
    ]);
    expect(partitionedTables([{ table: "issue_events_issueevent_archive", end: end(NOW_MS - DAY_MS) }])).toEqual([]);
  });

  it("of hourly statistics are kept four times as long", () => {
    const kept = (days: number) =>
      partitionProblems(
        partitionedTables(
          [end(NOW_MS - days * DAY_MS), end(NOW_MS + 2 * DAY_MS)].map((one) => ({
            table: "projects_issueeventprojecthourlystatistic",
            end: one,
          })),
        ),
        90,
        NOW_MS,
      );
    expect(kept(366)).toEqual([]);
    expect(kept(368)).toEqual([expect.stringContaining("nothing in it is kept for more than 360 days")]);
  });

  it("by number or list, and the default partition, are skipped", () => {
    expect(table("1000", null, "MAXVALUE")).toEqual([]);
  });
});

describe("the decision on a restart", () => {
  const full = (bytes: number) => servicesAboveLimit(settings, () => stateAt(NOW_MS, { memoryBytes: bytes }), NOW_MS);

  it("restarts a service above its limit at two looks, but not one that is down or has no limit", () => {
    expect(full(409 * MIB)).toEqual([]);
    expect(full(410 * MIB)).toEqual(["glitchtip", "glitchtip-worker"]);
    expect(servicesAboveLimit(settings, () => stateAt(NOW_MS - 60_000, { memoryBytes: 500 * MIB }), NOW_MS)).toEqual(
      [],
    );
    expect(memoryPercent(stateAt(NOW_MS, { memoryLimitBytes: 2 ** 63 }))).toBeUndefined();
    const once = { ...memory, failing: { "memory glitchtip": 1 } };
    expect(wantedRestart(settings, once, [], NOW_MS)).toBeUndefined();
    const twice = { ...memory, failing: { "memory glitchtip": 2 } };
    expect(wantedRestart(settings, twice, [], NOW_MS)).toEqual({ reason: "memory", services: ["glitchtip"] });
  });

  it("restarts the larger of two services that share a limit, measured by the memory of both", () => {
    const [web, worker] = [300 * MIB, 200 * MIB];
    const shared = (containerBytes: number) =>
      servicesAboveLimit(
        settings,
        (name) => stateAt(NOW_MS, { memoryBytes: name === "glitchtip" ? web : worker, containerBytes }),
        NOW_MS,
      );
    expect(shared(409 * MIB)).toEqual([]);
    expect(shared(410 * MIB)).toEqual(["glitchtip"]);
  });

  it("does not restart a service for its memory again within ten minutes", () => {
    const again = { ...memory, failing: { "memory glitchtip": 9 }, restartedMs: { glitchtip: NOW_MS - 599_000 } };
    expect(wantedRestart(settings, again, [], NOW_MS)).toBeUndefined();
    expect(wantedRestart(settings, again, [], NOW_MS + 1_000)).toBeDefined();
  });

  it("restarts a service that does not work where that is declared, and nothing without `restart`", () => {
    const finding = { event: "service-unhealthy", about: "glitchtip", problem: "no answer" } as const;
    expect(wantedRestart(settings, memory, [finding], NOW_MS)).toEqual({
      reason: "unhealthy",
      services: ["glitchtip"],
    });
    const { restart: _, ...care } = settings.care;
    expect(wantedRestart({ ...settings, care }, { ...memory, dueMs: 1 }, [finding], NOW_MS)).toBeUndefined();
  });

  it("restarts all declared services by schedule, in their order", () => {
    const due = { ...memory, dueMs: NOW_MS };
    expect(wantedRestart(settings, due, [], NOW_MS)?.services).toEqual(["glitchtip", "glitchtip-worker"]);
    const restart = { ...settings.care.restart, unhealthy: false, services: ["worker" as const] };
    const worker = { ...settings, care: { ...settings.care, restart } };
    expect(wantedRestart(worker, due, [], NOW_MS)?.services).toEqual(["glitchtip-worker"]);
  });
});
