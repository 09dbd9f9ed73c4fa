import { join } from "node:path";
import { defined } from "../base/defined.ts";
import { readIfThere, writeOne } from "../base/files.ts";
import { type BackupFolders, listBackups } from "./catalog.ts";

const REPORT = "status.json";

/** What the backup service writes about its last run. */
export interface BackupReport {
  readonly version: 1;
  readonly at: string;
  /** Name of the backup; missing where the run failed before there was one. */
  readonly name?: string;
  readonly durationMs: number;
  readonly deleted: readonly string[];
  readonly uploaded?: boolean;
  readonly error?: { readonly code: string; readonly message: string };
  readonly next?: string;
}

export const writeBackupReport = (folder: string, report: BackupReport): void =>
  writeOne(join(folder, REPORT), `${JSON.stringify(report, null, 1)}\n`, 0o644);

function readReport(folder: string): BackupReport | undefined {
  try {
    const report = JSON.parse(readIfThere(join(folder, REPORT)) ?? "{}");
    return report?.version === 1 ? report : undefined;
  } catch {
    return undefined;
  }
}

/** What `status` shows: the newest usable backup, whoever made it, and a failure since. */
export interface BackupState {
  readonly last?: { readonly name: string; readonly at: string; readonly bytes: number; readonly verified: boolean };
  readonly failed?: { readonly at: string; readonly code: string; readonly message: string };
  readonly next?: string;
}

export function backupState(...folders: BackupFolders): BackupState {
  const [folder] = folders;
  const last = listBackups(...folders).find(({ problem }) => problem === undefined);
  const report = readReport(folder);
  // A newer backup, made by hand, settles an earlier failure.
  const settled = report !== undefined && last !== undefined && last.atMs > Date.parse(report.at);
  return defined({
    last: last && {
      name: last.name,
      at: new Date(last.atMs).toISOString(),
      bytes: last.bytes,
      verified: last.manifest?.verified === "trial restore",
    },
    failed: report?.error && !settled ? { at: report.at, ...report.error } : undefined,
    next: report?.next,
  });
}

const OVERDUE_AFTER_MS = 3_600_000;

/** Returns a line for each thing that somebody has to look at: a failed backup, and one that is overdue. */
export function backupProblems({ failed, next }: BackupState, nowMs: number): string[] {
  const look = "docker compose logs --tail 50 glitchtip-backup";
  const late = next !== undefined && nowMs - Date.parse(next) > OVERDUE_AFTER_MS;
  return [
    ...(failed === undefined ? [] : [`the last backup failed: ${failed.code}: ${failed.message}: ${look}`]),
    ...(late ? [`the backup that was due at ${next} was not created: ${look}`] : []),
  ];
}
