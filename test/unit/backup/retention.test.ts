import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { backupNameAt, timeOfBackup } from "../../../src/backup/manifest.ts";
import { expiredBackups, parseRetentionRules, type RetainedBackup } from "../../../src/backup/retention.ts";

const DAY_MS = 86_400_000;
const START_MS = Date.parse("2026-11-02T03:15:00Z");
/** Backups over three years, with times in whole seconds as in names. */
const backups: fc.Arbitrary<RetainedBackup[]> = fc
  .uniqueArray(fc.tuple(fc.integer({ min: 0, max: 3 * 365 * 86_400 }), fc.boolean()), {
    selector: ([seconds]) => seconds,
    maxLength: 60,
  })
  .map((list) =>
    list.map(([seconds, good]) => ({
      name: backupNameAt(START_MS + seconds * 1_000),
      atMs: START_MS + seconds * 1_000,
      good,
    })),
  );
const keep = fc.record(
  {
    last: fc.nat(5),
    hourly: fc.nat(5),
    daily: fc.nat(9),
    weekly: fc.nat(6),
    monthly: fc.nat(6),
    yearly: fc.nat(3),
  },
  { requiredKeys: [] },
);
const daily = (days: number): RetainedBackup[] =>
  Array.from({ length: days }, (_, day) => START_MS + day * DAY_MS).map((atMs) => ({
    name: backupNameAt(atMs),
    atMs,
    good: true,
  }));

describe("retention", () => {
  it("keeps the newest backup of each of the last days and weeks", () => {
    const all = daily(60);
    const gone = new Set(expiredBackups(all, { daily: 7, weekly: 4 }));
    const kept = all.filter(({ name }) => !gone.has(name)).map(({ name }) => name.slice(10, 18));
    // 2026-11-02 is a Monday. The newest of each week is a Sunday's; that of the current week is the newest of all.
    expect(kept).toEqual([
      "20261213",
      "20261220",
      "20261225",
      "20261226",
      "20261227",
      "20261228",
      "20261229",
      "20261230",
      "20261231",
    ]);
  });

  it("never deletes the newest good backup, whatever the rules", () => {
    fc.assert(
      fc.property(backups, keep, (all, rules) => {
        const gone = expiredBackups(all, rules);
        const good = all.filter((one) => one.good).sort((a, b) => b.atMs - a.atMs);
        if (good[0] === undefined) expect(gone).toEqual([]);
        else expect(gone).not.toContain(good[0].name);
      }),
    );
  });

  it("deletes no backup that a rule keeps, and is idempotent", () => {
    fc.assert(
      fc.property(backups, keep, (all, rules) => {
        const gone = new Set(expiredBackups(all, rules));
        const left = all.filter(({ name }) => !gone.has(name));
        expect(expiredBackups(left, rules)).toEqual([]);
        const goodLeft = left.filter((one) => one.good).length;
        const good = all.filter((one) => one.good).length;
        expect(goodLeft).toBeGreaterThanOrEqual(Math.min(good, Math.max(1, rules.last ?? 0)));
      }),
    );
  });

  it("does not depend on the order of the backups", () => {
    fc.assert(
      fc.property(backups, keep, (all, rules) => {
        expect(expiredBackups([...all].reverse(), rules).sort()).toEqual(expiredBackups(all, rules).sort());
      }),
    );
  });

  it("deletes a damaged backup only when a good one is newer", () => {
    const [old, bad, newest] = daily(3).map((one, i) => ({ ...one, good: i !== 1 }));
    if (!old || !bad || !newest) throw new Error("three");
    expect(expiredBackups([old, bad, newest], { last: 2 })).toEqual([bad.name]);
    expect(expiredBackups([old, bad], { last: 2 })).toEqual([]);
  });
});

describe("--keep", () => {
  it("parses rules", () => {
    expect(parseRetentionRules("daily=7, weekly=4")).toEqual({ daily: 7, weekly: 4 });
  });

  it.each(["daily", "daily=x", "nightly=3", "daily=1,daily=2", "", "daily=0"])("refuses %j", (text) => {
    expect(() => parseRetentionRules(text)).toThrow(expect.objectContaining({ code: "GC1001" }));
  });
});

describe("a backup's name", () => {
  it("is its time in UTC, and is parsed back to it", () => {
    expect(backupNameAt(START_MS)).toBe("glitchtip-20261102-031500Z");
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 4e9 }), (seconds) => {
        expect(timeOfBackup(backupNameAt(seconds * 1_000))).toBe(seconds * 1_000);
      }),
    );
  });

  it.each(["glitchtip-20261302-031500Z", "glitchtip-20261102-031500Z.partial", "notes", ""])("is not %j", (name) => {
    expect(timeOfBackup(name)).toBeUndefined();
  });
});
