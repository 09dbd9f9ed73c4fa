import { CodedError } from "../base/errors.ts";

const UNITS = ["last", "hourly", "daily", "weekly", "monthly", "yearly"] as const;
type Unit = (typeof UNITS)[number];

/** How many periods keep their newest backup; `last` counts backups, whenever they were made. */
export type Keep = Readonly<Partial<Record<Unit, number>>>;

/** A backup as retention sees it. */
export interface Kept {
  readonly name: string;
  readonly atMs: number;
  /** Whole and readable. */
  readonly good: boolean;
}

const DAY_MS = 86_400_000;
/** 1970-01-05 was a Monday. */
const FIRST_MONDAY_MS = 4 * DAY_MS;

/** What makes two backups of one period; in UTC, as their names. */
const PERIOD: Readonly<Record<Unit, (atMs: number, name: string) => string | number>> = {
  last: (_, name) => name,
  hourly: (atMs) => Math.floor(atMs / 3_600_000),
  daily: (atMs) => Math.floor(atMs / DAY_MS),
  weekly: (atMs) => Math.floor((atMs - FIRST_MONDAY_MS) / (7 * DAY_MS)),
  monthly: (atMs) => new Date(atMs).toISOString().slice(0, 7),
  yearly: (atMs) => new Date(atMs).getUTCFullYear(),
};

/** `daily=7,weekly=4`. Throws GC1001 with every word that is not understood. */
export function parseKeep(text: string): Keep {
  const keep: Partial<Record<Unit, number>> = {};
  const wrong: string[] = [];
  for (const word of text.split(",").map((part) => part.trim())) {
    const [, unit = "", count = ""] = /^(\w+)=(\d{1,5})$/.exec(word) ?? [];
    if (UNITS.includes(unit as Unit) && keep[unit as Unit] === undefined) keep[unit as Unit] = Number(count);
    else wrong.push(`"${word}"`);
  }
  if (wrong.length === 0 && Object.values(keep).some((count) => count > 0)) return keep;
  const what = wrong.length === 0 ? "keeps nothing" : `has ${wrong.join(", ")}`;
  throw new CodedError("GC1001", `--keep ${text} ${what}`, {
    remedy: `Write how many to keep of ${UNITS.join(", ")}, such as daily=7,weekly=4.`,
  });
}

/**
 * The names that may go. A period keeps its newest good backup; the newest good one of all always stays, and what is
 * not good goes only when a good one is newer.
 */
export function expired(backups: readonly Kept[], keep: Keep): string[] {
  const good = backups.filter((one) => one.good).sort((a, b) => b.atMs - a.atMs || (a.name < b.name ? 1 : -1));
  const [newest] = good;
  if (newest === undefined) return [];
  const stays = new Set([newest.name]);
  for (const unit of UNITS) {
    const periods = new Set<string | number>();
    for (const { atMs, name } of good) {
      const period = PERIOD[unit](atMs, name);
      if (periods.has(period) || periods.size >= (keep[unit] ?? 0)) continue;
      periods.add(period);
      stays.add(name);
    }
  }
  return backups
    .filter(({ name, good: isGood, atMs }) => !stays.has(name) && (isGood || atMs < newest.atMs))
    .map(({ name }) => name);
}
