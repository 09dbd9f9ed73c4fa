import { renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { CodedError } from "../base/errors.ts";
import { explainWriteError } from "../base/files.ts";
import { listBackups } from "./catalog.ts";
import { type BackupFolderContext, lockBackups } from "./create.ts";
import { removePartials } from "./folder.ts";
import { isSafetyCopy, PARTIAL } from "./manifest.ts";

const UNITS = ["last", "hourly", "daily", "weekly", "monthly", "yearly"] as const;
type Unit = (typeof UNITS)[number];

/** For each unit the number of periods that keep their newest backup. `last` counts backups instead of periods. */
export type RetentionRules = Readonly<Partial<Record<Unit, number>>>;

/** What the rules look at. */
export interface RetainedBackup {
  readonly name: string;
  readonly atMs: number;
  /** False for a backup that is damaged. */
  readonly good: boolean;
  /** True for a copy of what a restore or an upgrade replaced: it may be the damaged state that the restore ended. */
  readonly isSafetyCopy: boolean;
}

const DAY_MS = 86_400_000;
/** 1970-01-05 was a Monday. */
const FIRST_MONDAY_MS = 4 * DAY_MS;

/** Returns the same value for backups of the same period. Periods are in UTC, like the names of backups. */
const PERIOD: Readonly<Record<Unit, (atMs: number, name: string) => string | number>> = {
  last: (_, name) => name,
  hourly: (atMs) => Math.floor(atMs / 3_600_000),
  daily: (atMs) => Math.floor(atMs / DAY_MS),
  weekly: (atMs) => Math.floor((atMs - FIRST_MONDAY_MS) / (7 * DAY_MS)),
  monthly: (atMs) => new Date(atMs).toISOString().slice(0, 7),
  yearly: (atMs) => new Date(atMs).getUTCFullYear(),
};

/** Parses rules such as `daily=7,weekly=4`. Throws GC1001 with every word that is not understood. */
export function parseRetentionRules(text: string): RetentionRules {
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
 * Returns the names of the backups that the rules do not keep. A period keeps its newest good backup. The newest good
 * backup of all is always kept, and a damaged one is only given up when a good one is newer. Safety copies count for no
 * rule and are never the newest good backup; they are given up when they are older than every backup that is kept.
 */
export function expiredBackups(backups: readonly RetainedBackup[], rules: RetentionRules): string[] {
  const good = backups
    .filter((one) => one.good && !one.isSafetyCopy)
    .sort((a, b) => b.atMs - a.atMs || (a.name < b.name ? 1 : -1));
  const [newest] = good;
  if (newest === undefined) return [];
  const stays = new Set([newest.name]);
  let oldestKeptMs = newest.atMs;
  for (const unit of UNITS) {
    const periods = new Set<string | number>();
    for (const { atMs, name } of good) {
      const period = PERIOD[unit](atMs, name);
      if (periods.has(period) || periods.size >= (rules[unit] ?? 0)) continue;
      periods.add(period);
      stays.add(name);
      oldestKeptMs = Math.min(oldestKeptMs, atMs);
    }
  }
  const expires = ({ name, good: isGood, atMs, isSafetyCopy: isSafe }: RetainedBackup): boolean => {
    if (stays.has(name)) return false;
    if (isSafe && isGood) return atMs < oldestKeptMs;
    return isGood || atMs < newest.atMs;
  };
  return backups.filter(expires).map(({ name }) => name);
}

export interface PruneOptions {
  readonly dryRun: boolean;
  /** Is asked once, with every name. Nothing is deleted where it returns false. */
  confirm(names: readonly string[]): Promise<boolean>;
}

export interface PruneResult {
  readonly names: readonly string[];
  readonly refused: boolean;
}

/** Deletes the backups that the rules do not keep, also in the `others`. Each is renamed first, so that no half of one is taken for whole. */
export async function pruneBackups(
  context: BackupFolderContext & { readonly others?: readonly string[] },
  rules: RetentionRules,
  { dryRun, confirm }: PruneOptions,
): Promise<PruneResult> {
  const { folder, signal, others = [] } = context;
  const pathOf = new Map<string, string>();
  const choose = () => {
    const found = listBackups(folder, ...others);
    for (const { name, path } of found.toReversed()) pathOf.set(name, path);
    const all = found.map(({ name, atMs, problem, manifest }) => ({
      name,
      atMs,
      good: problem === undefined,
      isSafetyCopy: manifest !== undefined && isSafetyCopy(manifest.reason),
    }));
    return expiredBackups(all, rules);
  };
  if (dryRun) return { names: choose(), refused: false };
  await using _ = await lockBackups(context);
  const names = choose();
  if (names.length === 0) return { names, refused: false };
  if (!(await confirm(names))) return { names: [], refused: true };
  try {
    for (const name of names) {
      signal.throwIfAborted();
      const path = pathOf.get(name) ?? join(folder, name);
      renameSync(path, path + PARTIAL);
      rmSync(path + PARTIAL, { recursive: true, force: true });
    }
    for (const one of [folder, ...others]) removePartials(one);
  } catch (error) {
    throw explainWriteError(error, folder);
  }
  return { names, refused: false };
}
