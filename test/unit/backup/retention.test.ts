import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { chooseBackup } from "../../../src/backup/catalog.ts";
import { beginBackup } from "../../../src/backup/folder.ts";
import { type BackupReason, backupNameAt, timeOfBackup } from "../../../src/backup/manifest.ts";
import {
  expiredBackups,
  parseRetentionRules,
  pruneBackups,
  type RetainedBackup,
} from "../../../src/backup/retention.ts";
import { silentLog } from "../../../src/base/log.ts";
import { systemClock } from "../../../src/base/wait.ts";
import { manifestWith } from "../../support/manifest.ts";

const DAY_MS = 86_400_000;
const START_MS = Date.parse("2026-11-02T03:15:00Z");
/** Backups over three years, with times in whole seconds as in names. */
const backups: fc.Arbitrary<RetainedBackup[]> = fc
  .uniqueArray(fc.tuple(fc.integer({ min: 0, max: 3 * 365 * 86_400 }), fc.boolean(), fc.constant(false)), {
    selector: ([seconds]) => seconds,
    maxLength: 60,
  })
  .map((list) => list.map(retained));
const retained = ([seconds, good, isSafety]: readonly [number, boolean, boolean]): RetainedBackup => ({
  name: backupNameAt(START_MS + seconds * 1_000),
  atMs: START_MS + seconds * 1_000,
  good,
  isSafetyCopy: isSafety,
});
/** Backups with safety copies among them, also several within one period. */
const withSafetyCopies: fc.Arbitrary<RetainedBackup[]> = fc
  .uniqueArray(
    fc.tuple(
      fc.oneof(fc.integer({ min: 0, max: 3 * 86_400 }), fc.integer({ min: 0, max: 3 * 365 * 86_400 })),
      fc.boolean(),
      fc.boolean(),
    ),
    { selector: ([seconds]) => seconds, maxLength: 40 },
  )
  .map((list) => list.map(retained));
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
    isSafetyCopy: false,
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

describe("retention with safety copies", () => {
  const names = (all: readonly RetainedBackup[]) => all.map(({ name }) => name);
  const counted = ({ good, isSafetyCopy: isSafety }: RetainedBackup) => good && !isSafety;

  it("treats the other backups as if no safety copy were there, in every time zone", () => {
    const zone = process.env.TZ;
    try {
      for (const TZ of ["UTC", "Pacific/Kiritimati", "America/St_Johns", "Pacific/Pago_Pago"]) {
        process.env.TZ = TZ;
        fc.assert(
          fc.property(withSafetyCopies, keep, (all, rules) => {
            const others = all.filter((one) => !one.isSafetyCopy);
            const gone = new Set(expiredBackups(all, rules));
            if (!all.some(counted)) expect([...gone]).toEqual([]);
            else expect(names(others).filter((name) => gone.has(name))).toEqual(expiredBackups(others, rules));
          }),
        );
      }
    } finally {
      if (zone === undefined) delete process.env.TZ;
      else process.env.TZ = zone;
    }
  });

  it("leaves a backup that `latest` finds where there was one, and every safety copy that is newer than one kept", () => {
    fc.assert(
      fc.property(withSafetyCopies, keep, (all, rules) => {
        const gone = new Set(expiredBackups(all, rules));
        const left = all.filter(({ name }) => !gone.has(name));
        expect(left.some(counted)).toBe(all.some(counted));
        expect(left.some(({ good }) => good)).toBe(all.some(({ good }) => good));
        const oldestMs = Math.min(...left.filter(counted).map(({ atMs }) => atMs));
        const safe = all.filter((one) => one.good && one.isSafetyCopy);
        expect(names(safe.filter(({ atMs }) => atMs > oldestMs)).filter((name) => gone.has(name))).toEqual([]);
        expect(expiredBackups(left, rules)).toEqual([]);
      }),
    );
  });

  it("keeps the good backup of a day on which a restore made a safety copy later", () => {
    const day = daily(1)[0] as RetainedBackup;
    const copy = { ...day, name: "copy", atMs: day.atMs + 3_600_000, isSafetyCopy: true };
    expect(expiredBackups([day, copy], { daily: 7 })).toEqual([]);
  });

  it("leaves what `latest` means in a folder where a restore was made", async () => {
    const folder = mkdtempSync(join(tmpdir(), "prune-"));
    try {
      const make = async (atMs: number, reason: BackupReason) => {
        const partial = beginBackup(folder, backupNameAt(atMs));
        await partial.text("database.dump", reason);
        partial.finish(manifestWith({ name: backupNameAt(atMs), reason, files: [...partial.files] }));
      };
      for (let i = 0; i < 4; i++) await make(START_MS + i * 60_000, "manual");
      await make(START_MS + 300_000, "before restore");
      await make(START_MS + 400_000, "before upgrade");
      const context = { folder, clock: systemClock, signal: new AbortController().signal, log: silentLog };
      const options = { dryRun: false, confirm: async () => true };
      const { names: gone } = await pruneBackups(context, { daily: 7 }, options);
      expect([...gone].sort()).toEqual([0, 1, 2].map((i) => backupNameAt(START_MS + i * 60_000)));
      rmSync(join(folder, backupNameAt(START_MS + 400_000)), { recursive: true });
      expect(chooseBackup([folder], folder, "latest").manifest.name).toBe(backupNameAt(START_MS + 180_000));
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
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
