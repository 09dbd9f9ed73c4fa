import { CodedError } from "../../base/errors.ts";
import { checkFiles } from "../catalog.ts";
import { type StackContext, stackBackups } from "../open.ts";
import { checkDatabase, checkGeneration, checkOwnProject } from "./check.ts";
import { requireFiles } from "./files.ts";
import { beginProgress, isBefore, isOf, type Progress, readRestoreProgress } from "./progress.ts";
import { Restore, type RestoreOptions } from "./run.ts";
import { openServices } from "./services.ts";
import { takeBack } from "./take-back.ts";

export interface RestoreResult {
  readonly backup: string;
  readonly project: string;
  /** Where the copy of what was there is; none where there was nothing. */
  readonly safety?: string;
  readonly tables: number;
  readonly rows: number;
  /** Apps whose DSN the restored server has accepted. */
  readonly apps: readonly string[];
}

/** What can be said before anything is touched: whole, of this product, of this generation, nothing missing. */
async function checkBackup(
  { project, docker, signal }: Pick<StackContext, "project" | "docker" | "signal">,
  { backup, contents }: RestoreOptions,
): Promise<{ readonly project: string }> {
  await checkFiles(backup, signal);
  requireFiles(project.dir, contents);
  checkGeneration(backup, project);
  const { name } = await docker.compose.config();
  await checkOwnProject(docker, project.dir, name);
  return { project: name };
}

/** All of the checks, for --dry-run: those that need the database only where it runs. */
export async function checkRestore(context: StackContext, options: RestoreOptions) {
  const { project } = await checkBackup(context, options);
  const services = await openServices(context);
  const running = services.databaseRuns();
  if (running) await checkDatabase(options.backup, stackBackups(context).sources.database);
  return { project, database: running ? ("checked" as const) : ("is not running" as const) };
}

/**
 * Puts a backup in the place of what is there. The database goes into a new one beside the old, which keeps its data
 * until the restored server has accepted the old DSNs. Killed anywhere, the same call goes on; failed, what was there
 * is in use again.
 */
export async function restoreBackup(context: StackContext, options: RestoreOptions): Promise<RestoreResult> {
  const { project, log } = context;
  const { backup } = options;
  const found = readRestoreProgress(project.dir);
  if (found !== undefined && (found.undoing || !isOf(found, backup))) throw underWay(found);
  const name = (await checkBackup(context, options)).project;
  const services = await openServices(context);
  log.step("starting the database");
  await services.prepare();
  const progress = found ?? beginProgress(backup, services.running);
  // Also on a second run: the disk may have filled up meanwhile.
  const { database } = stackBackups(context).sources;
  const empty = isBefore(progress, "loaded") ? (await checkDatabase(backup, database)).empty : false;
  const run = new Restore(context, { ...options, ...(empty && { safety: false }) }, services, progress);
  try {
    await run.forward();
  } catch (error) {
    // Interrupted it goes on later; failed it is taken back now.
    if (context.signal.aborted) throw error;
    await takeBack(context, run.progress, services).catch((undoing: unknown) => {
      log.warn(`what was there is not back in use yet: ${undoing instanceof Error ? undoing.message : undoing}`);
      log.warn("when this is mended: glitchtip-compose restore --abort");
    });
    throw error;
  }
  const { manifest } = backup;
  const { safety } = run.progress;
  return {
    backup: backup.path,
    project: name,
    ...(safety === undefined ? {} : { safety }),
    tables: Object.keys(manifest.database.tables).length,
    rows: Object.values(manifest.database.tables).reduce((sum, { rows }) => sum + rows, 0),
    apps: run.apps,
  };
}

const underWay = ({ backup, step, undoing }: Progress): CodedError =>
  new CodedError("GC1805", `a restore of ${backup} is ${undoing ? "being taken back" : `under way (${step})`}`, {
    remedy: undoing
      ? "glitchtip-compose restore --abort ends that."
      : `Go on with: glitchtip-compose restore ${backup}. Or go back: glitchtip-compose restore --abort`,
  });
