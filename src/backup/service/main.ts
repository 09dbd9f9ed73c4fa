import { lchownSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import process, { env } from "node:process";
import { Cron } from "croner";
import * as z from "zod/mini";
import { CodedError } from "../../base/errors.ts";
import { lineLog } from "../../base/log.ts";
import { Secret } from "../../base/secret.ts";
import { systemClock } from "../../base/wait.ts";
import { cronOf } from "../../config/schema/backup.ts";
import { secretFile, withoutLineEnd } from "../../config/secret-volumes.ts";
import { backupSettings } from "../../config/service-settings.ts";
import { openNodeHttp } from "../../http/node.ts";
import { type BackupContext, createBackup, describeBackup } from "../create.ts";
import { type BackupReport, writeBackupReport } from "../report.ts";
import { parseRetentionRules, pruneBackups } from "../retention.ts";
import { uploadBackup } from "../targets/copies.ts";
import { type BackupTarget, openTarget, type TargetSettings } from "../targets/target.ts";
import { mountedSources } from "./sources.ts";

const FOLDER = "/backups";
/** A sleep ends after this time to read the clock again: it may have been set, or the machine suspended. */
const LONGEST_SLEEP_MS = 60_000;

const log = lineLog((line) => process.stderr.write(line), { prefix: "glitchtip-compose: " });
const abort = new AbortController();
const clock = systemClock;
for (const name of ["SIGTERM", "SIGINT"] as const) {
  process.once(name, () => abort.abort(new CodedError("GC1003", `stopped by ${name}`)));
}
const { signal } = abort;

const settings = z.parse(backupSettings, JSON.parse(readFileSync("/project/.glitchtip/backup.json", "utf8")));
const { schedule, keep, verify, target } = settings.backup;
const context: BackupContext = {
  sources: mountedSources(settings, env, clock, signal),
  folder: FOLDER,
  clock,
  signal,
  log,
};

/** In the settings of a service, a reference to a secret is the name of its mount. */
function openMountedTarget(target: Readonly<Record<string, Readonly<Record<string, string>>>>): BackupTarget {
  const [settings = {}] = Object.values(target);
  const secret = (setting: string) =>
    new Secret(withoutLineEnd(readFileSync(secretFile(settings[setting] ?? ""), "utf8")));
  return openTarget(target as TargetSettings, { clock, signal, openHttp: openNodeHttp, secret });
}

/**
 * Makes a backup, copies it to the target and deletes the ones that are no longer kept. Returns false after a failure,
 * which is in the report and in the log.
 */
async function run(next: string | undefined): Promise<boolean> {
  const startMs = clock.now();
  let report: Pick<BackupReport, "name" | "deleted" | "uploaded" | "error"> = { deleted: [] };
  try {
    const made = await createBackup(context, { reason: "scheduled", verify });
    report = { ...report, name: made.manifest.name };
    log.info(`created ${made.manifest.name}: ${describeBackup(made)}`);
    if (target !== undefined) {
      const opened = openMountedTarget(target);
      await uploadBackup(opened, made);
      report = { ...report, uploaded: true };
      log.info(`copied to ${opened.place}`);
    }
    if (keep !== undefined) {
      const { names } = await pruneBackups(context, parseRetentionRules(keep), {
        dryRun: false,
        confirm: async () => true,
      });
      report = { ...report, deleted: names };
      for (const name of names) log.info(`deleted ${name}`);
    }
  } catch (error) {
    signal.throwIfAborted();
    const { code, message, problems, remedy } =
      error instanceof CodedError ? error : new CodedError("GC1901", String(error), { cause: error });
    report = { ...report, error: { code, message } };
    for (const line of [`${code}: ${message}`, ...problems, ...(remedy === undefined ? [] : [`→ ${remedy}`])])
      log.warn(line);
  }
  const at = new Date(startMs).toISOString();
  writeBackupReport(FOLDER, { version: 1, at, durationMs: clock.now() - startMs, ...report, ...(next && { next }) });
  giveToFolderOwner();
  return report.error === undefined;
}

/** Gives all files to the owner of the folder: this container writes them as root. */
function giveToFolderOwner(): void {
  const { uid, gid } = statSync(FOLDER);
  for (const entry of readdirSync(FOLDER, { recursive: true, encoding: "utf8" }))
    lchownSync(join(FOLDER, entry), uid, gid);
}

async function main(once: boolean): Promise<void> {
  if (once) {
    if (!(await run(undefined))) process.exitCode = 1;
    return;
  }
  const times = new Cron(cronOf(schedule ?? "03:15"), { timezone: "UTC", paused: true });
  while (!signal.aborted) {
    const next = times.nextRun(new Date(clock.now()));
    if (next === null) throw new CodedError("GC1101", `backup.schedule ${schedule} matches no date`);
    log.info(`next backup at ${next.toISOString()}`);
    while (clock.now() < next.getTime()) {
      await clock.sleep(Math.min(LONGEST_SLEEP_MS, next.getTime() - clock.now()), signal);
    }
    await run(times.nextRun(new Date(clock.now()))?.toISOString());
  }
}

try {
  await main(process.argv[2] === "once");
} catch (error) {
  if (!signal.aborted) {
    log.warn(error instanceof CodedError ? `${error.code}: ${error.message}` : String(error));
    process.exitCode = 1;
  }
}
process.exit();
