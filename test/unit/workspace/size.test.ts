import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { checkDeclaration } from "../../../src/config/check.ts";
import { ASSUMED, declaredFor, MEASURED, type Sizing, sizeFor } from "../../../src/workspace/size.ts";

const page = readFileSync(join(import.meta.dirname, "../../../docs/sizing.md"), "utf8");
const EVENTS_A_DAY = [1_000, 10_000, 30_000, 100_000, 400_000, 1_000_000];

const gib = (mib: number) => `${(mib / 1024).toFixed(mib < 10_240 ? 1 : 0)} GiB`;
const row = ({ eventsPerDay, topology, memoryMib, hostMib, diskMib, postgres, measured }: Sizing) =>
  [
    eventsPerDay.toLocaleString("en"),
    measured ? topology : `${topology}, beyond what was measured`,
    `${memoryMib.web}`,
    `${memoryMib.worker ?? "–"}`,
    `${memoryMib.database}`,
    gib(hostMib),
    gib(diskMib.data),
    gib(diskMib.eachBackup),
    `${postgres.shared_buffers}, ${postgres.work_mem}`,
  ].join(" | ");

describe("docs/sizing.md", () => {
  it("shows what the command `size` reports", () => {
    const rows = EVENTS_A_DAY.map((eventsPerDay) => `| ${row(sizeFor({ eventsPerDay, retentionDays: 90 }))} |`);
    expect(page).toContain(rows.join("\n"));
  });

  it("shows every measurement and every assumption", () => {
    const measured = Object.values(MEASURED).map(
      ({ value, unit, how }) => `| ${value.toLocaleString("en")} ${unit} | ${how} |`,
    );
    const assumed = Object.values(ASSUMED).map(
      ({ value, unit, why }) => `| ${value.toLocaleString("en")} ${unit} | ${why} |`,
    );
    for (const rows of [measured, assumed]) expect(page).toContain(rows.join("\n"));
  });
});

describe("a size", () => {
  const sized = (eventsPerDay: number, more: object = {}) => sizeFor({ eventsPerDay, retentionDays: 30, ...more });

  it("is all-in-one up to the measured rate of one process, and split above it and in production", () => {
    const most = Math.floor((MEASURED.allInOneStoredPerS.value * 86_400) / ASSUMED.peakOverAverage.value);
    expect(sized(most).topology).toBe("all-in-one");
    expect(sized(most + 1).topology).toBe("split");
    expect(sized(1, { production: true }).topology).toBe("split");
    expect(sized(1, { possible: ["split"] }).topology).toBe("split");
  });

  it("keeps a topology that is decided, and says when it was not measured", () => {
    expect(sized(1_000_000, { topology: "all-in-one" })).toMatchObject({ topology: "all-in-one", measured: false });
    expect(sized(1_000, { topology: "single-container" }).memoryMib).toEqual({ web: 1536 });
    expect(sized(400_000)).toMatchObject({ measured: true });
    expect(sized(500_000)).toMatchObject({ measured: false });
  });

  it("gives each process more than twice the memory that it was measured to use", () => {
    const { memoryMib } = sized(100_000);
    expect(memoryMib.web).toBeGreaterThan(2 * MEASURED.webMib.value);
    expect(memoryMib.worker).toBeGreaterThan(2 * MEASURED.workerMib.value);
    expect(memoryMib.database).toBeGreaterThan(2 * MEASURED.databaseMib.value);
  });

  it("grows with the events and with the days", () => {
    const disk = (eventsPerDay: number, retentionDays: number) => sizeFor({ eventsPerDay, retentionDays }).diskMib.data;
    expect(disk(10_000, 90)).toBe(disk(90_000, 10));
    expect(disk(20_000, 90)).toBeGreaterThan(disk(10_000, 90));
  });

  it.each([1, 50_000, 1_000_000, 100_000_000])(
    "of %s events a day is a declaration without mistakes",
    (eventsPerDay) => {
      const { server, ...keys } = declaredFor(sizeFor({ eventsPerDay, retentionDays: 90 }));
      const rest = { version: 1, organization: "Acme", admin: { email: "admin@example.com" }, projects: { shop: {} } };
      const declared = checkDeclaration(
        { ...rest, server: { image: "glitchtip/glitchtip:6", ...server }, ...keys },
        "it",
      );
      expect(declared.postgres).toEqual(keys.postgres);
    },
  );
});

describe("settings of Postgres", () => {
  const declared = (lines: object) => () =>
    checkDeclaration(
      { version: 1, organization: "Acme", admin: { email: "admin@example.com" }, projects: { shop: {} }, ...lines },
      "it",
    );
  const problems = (lines: object): readonly string[] => {
    try {
      declared(lines)();
      return [];
    } catch (error) {
      return (error as { problems: readonly string[] }).problems;
    }
  };

  it("give Postgres's cache at most half of its memory", () => {
    expect(problems({ postgres: { shared_buffers: "256MB" } })).toEqual([]);
    expect(problems({ postgres: { shared_buffers: "1GB" } })).toEqual([
      "postgres.shared_buffers: 1GB is more than half of limits.database.memory (512m): Postgres would be killed",
    ]);
    expect(problems({ postgres: { shared_buffers: "1GB" }, limits: { database: { memory: "2g" } } })).toEqual([]);
  });

  it("are sizes in Postgres's own notation", () => {
    expect(problems({ postgres: { work_mem: "4 MB" } })).toHaveLength(1);
    expect(problems({ postgres: {}, server: { database: { url: "env:DATABASE_URL" } } })).toEqual([
      expect.stringContaining("server.database is one of yours"),
    ]);
  });
});
