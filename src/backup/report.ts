import { join } from "node:path";
import { readIfThere, writeOne } from "../base/files.ts";
import { listBackups } from "./catalog.ts";

const REPORT = "status.json";

/** What the backup service says of its last run. */
export interface BackupReport {
  readonly version: 1;
  readonly at: string;
  /** The one that was made; none where the run failed before. */
  readonly name?: string;
  readonly durationMs: number;
  readonly deleted: readonly string[];
  readonly uploaded?: boolean;
  readonly error?: { readonly code: string; readonly message: string };
  readonly next?: string;
}

export const writeReport = (folder: string, report: BackupReport): void =>
  writeOne(join(folder, REPORT), `${JSON.stringify(report, null, 1)}\n`, 0o644);

function readReport(folder: string): BackupReport | undefined {
  try {
    const report = JSON.parse(readIfThere(join(folder, REPORT)) ?? "{}");
    return report?.version === 1 ? report : undefined;
  } catch {
    return undefined;
  }
}

/** For `status`: the newest whole one, whoever made it, and what went wrong since. */
export interface BackupState {
  readonly last?: { readonly name: string; readonly at: string; readonly bytes: number; readonly verified: boolean };
  readonly failed?: { readonly at: string; readonly code: string; readonly message: string };
  readonly next?: string;
}

export function backupState(folder: string): BackupState {
  const last = listBackups(folder).find(({ problem }) => problem === undefined);
  const report = readReport(folder);
  return {
    ...(last && {
      last: {
        name: last.name,
        at: new Date(last.atMs).toISOString(),
        bytes: last.bytes,
        verified: last.manifest?.verified === "trial restore",
      },
    }),
    // One that was made by hand since has mended it.
    ...(report?.error &&
      !(last && last.atMs > Date.parse(report.at)) && { failed: { at: report.at, ...report.error } }),
    ...(report?.next && { next: report.next }),
  };
}

const LATE_MS = 3_600_000;

/** What somebody has to look at. */
export function backupProblems({ failed, next }: BackupState, nowMs: number): string[] {
  const look = "docker compose logs --tail 50 glitchtip-backup";
  const late = next !== undefined && nowMs - Date.parse(next) > LATE_MS;
  return [
    ...(failed === undefined ? [] : [`the last backup failed: ${failed.code}: ${failed.message}: ${look}`]),
    ...(late ? [`the backup of ${next} was not made: ${look}`] : []),
  ];
}
