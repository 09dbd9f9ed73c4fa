import { existsSync, readdirSync, statSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { agreeing } from "../base/counted.ts";
import { defined } from "../base/defined.ts";
import { CodedError } from "../base/errors.ts";
import { readIfThere } from "../base/files.ts";
import { sha256Of } from "./folder.ts";
import { BACKUP_MANIFEST, type BackupManifest, parseManifest, timeOfBackup } from "./manifest.ts";

export interface Backup {
  readonly path: string;
  readonly manifest: BackupManifest;
}

export interface ListedBackup {
  readonly name: string;
  readonly path: string;
  readonly atMs: number;
  readonly bytes: number;
  readonly manifest?: BackupManifest;
  /** Why the backup cannot be used. */
  readonly problem?: string;
}

/** The folder of new backups, then those in which older ones may lie. */
export type BackupFolders = readonly [folder: string, ...others: string[]];

/** Lists the backups of the folders, newest first. Reads manifests and sizes only; `verifyBackup` reads every byte. */
export function listBackups(...folders: BackupFolders): ListedBackup[] {
  const all = folders.flatMap((folder) =>
    (existsSync(folder) ? readdirSync(folder) : []).flatMap((name) => {
      const atMs = timeOfBackup(name);
      return atMs === undefined ? [] : [listed(join(folder, name), name, atMs)];
    }),
  );
  return all.sort((a, b) => b.atMs - a.atMs);
}

function listed(path: string, name: string, atMs: number): ListedBackup {
  try {
    const { manifest } = readBackup(path);
    const wrong = manifest.files.filter((file) => sizeOf(join(path, file.path)) !== file.bytes);
    const problem = wrong.length === 0 ? undefined : `${wrong.map((file) => file.path).join(", ")}: not whole`;
    return defined({ name, path, atMs, bytes: sizeOfFiles(manifest), manifest, problem });
  } catch (error) {
    if (!(error instanceof CodedError)) throw error;
    return { name, path, atMs, bytes: 0, problem: error.message };
  }
}

export const sizeOfFiles = ({ files }: BackupManifest): number => files.reduce((sum, { bytes }) => sum + bytes, 0);

const sizeOf = (path: string): number | undefined => statSync(path, { throwIfNoEntry: false })?.size;

/** Reads a backup from its folder or from the path of its manifest. Throws GC1803 for anything else. */
export function readBackup(given: string): Backup {
  const path = basename(given) === BACKUP_MANIFEST ? dirname(given) : given;
  const text = readIfThere(join(path, BACKUP_MANIFEST));
  if (text !== undefined) return { path, manifest: parseManifest(text, path) };
  const what = existsSync(path) ? "is no backup of glitchtip-compose: it has no manifest.json" : "is not there";
  throw new CodedError("GC1803", `${path} ${what}`, {
    remedy: "Give the folder of a backup: npx glitchtip-compose backup list",
  });
}

/**
 * Reads the backup that is meant by `latest`, by a name in the folders, or by a path relative to `dir`. `latest` skips
 * the safety copies that restores make of what they replace.
 */
export function chooseBackup(folders: BackupFolders, dir: string, wanted: string): Backup {
  if (wanted !== "latest") {
    if (timeOfBackup(wanted) === undefined) return readBackup(resolve(dir, wanted));
    const holder = folders.find((folder) => existsSync(join(folder, wanted))) ?? folders[0];
    return readBackup(join(holder, wanted));
  }
  const all = listBackups(...folders);
  const found = all.find(({ problem, manifest }) => problem === undefined && manifest?.reason !== "before restore");
  if (found !== undefined) return readBackup(found.path);
  throw new CodedError(
    "GC1803",
    `${folders.join(" and ")} ${agreeing(folders.length, "holds", "hold")} no backup that can be used`,
    {
      problems: all.map(({ name, problem = "created by a restore: name it to use it" }) => `${name}: ${problem}`),
      remedy: "npx glitchtip-compose backup create, or give the path of one.",
    },
  );
}

/** Reads every byte of a backup. Throws GC1803 with each file that is missing or differs from the manifest. */
export async function verifyBackup({ path, manifest }: Backup, signal: AbortSignal): Promise<void> {
  const problems: string[] = [];
  for (const file of manifest.files) {
    signal.throwIfAborted();
    const full = join(path, file.path);
    const size = sizeOf(full);
    if (size === undefined) problems.push(`${file.path} is missing`);
    else if (size !== file.bytes) problems.push(`${file.path} has ${size} bytes instead of ${file.bytes}`);
    else if ((await sha256Of(full)) !== file.sha256) problems.push(`${file.path} was changed: its checksum differs`);
  }
  if (problems.length === 0) return;
  throw new CodedError("GC1803", `${path} is damaged`, {
    problems,
    remedy: "Take another one: npx glitchtip-compose backup list",
  });
}
