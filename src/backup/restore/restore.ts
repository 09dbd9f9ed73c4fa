import { join } from "node:path";
import { defined } from "../../base/defined.ts";
import { CodedError } from "../../base/errors.ts";
import { requireFreePorts } from "../../running/index.ts";
import { copyAccepted, finishAccepted } from "../accepted-meanwhile.ts";
import { verifyBackup } from "../catalog.ts";
import { UPLOADS_ARCHIVE } from "../manifest.ts";
import { StackServices } from "../stack-services.ts";
import { type StackContext, stackBackups } from "../stack-sources.ts";
import { checkUploads } from "../uploads-archive.ts";
import { requireCompleteWorkspace, secretsInVolumes } from "./contents.ts";
import { checkComposeProject, checkDatabase, checkGeneration, requireListedParts } from "./preconditions.ts";
import {
  isRestoreOf,
  newRestore,
  newScratchDatabase,
  type RestoreProgress,
  replacedDatabase,
  restoreProgress,
  SCRATCH_PREFIX,
} from "./progress.ts";
import { Restore, type RestoreOptions } from "./steps.ts";
import { restoredVolumes } from "./volumes.ts";

export interface RestoreResult {
  /** Path of the backup. */
  readonly backup: string;
  /** Name of the Compose project. */
  readonly project: string;
  /** Path of the backup of what was replaced; undefined where there was nothing to back up. */
  readonly safety?: string;
  readonly tables: number;
  readonly rows: number;
  /** Apps whose DSN the restored server has accepted. */
  readonly apps: readonly string[];
}

/** Checks all that can be checked without the database. Returns the name of the Compose project. */
async function checkFilesAndStack(
  { workspace, docker, signal }: Pick<StackContext, "workspace" | "docker" | "signal">,
  { backup, contents }: RestoreOptions,
): Promise<string> {
  requireListedParts(backup);
  await verifyBackup(backup, signal);
  await checkUploads(join(backup.path, UPLOADS_ARCHIVE), signal);
  requireCompleteWorkspace(workspace.dir, contents, await secretsInVolumes(docker, workspace.dir));
  checkGeneration(backup, workspace);
  const config = await docker.compose.config();
  await checkComposeProject(docker, workspace.dir, config.name);
  await requireFreePorts(docker, config);
  return config.name;
}

/** Executes all checks of a restore and changes nothing. The database is only checked where it runs. */
export async function checkRestore(context: StackContext, options: RestoreOptions) {
  const project = await checkFilesAndStack(context, options);
  const services = await StackServices.open(context);
  if (!services.databaseRuns) return { project, database: "is not running" as const };
  await checkDatabase(options.backup, stackBackups(context).sources.database);
  return { project, database: "checked" as const };
}

/**
 * Replaces the stack's data by that of a backup. The dump is loaded into a new database beside the old one, which is
 * kept until the restored server has accepted the old DSNs. After a kill the same call continues; after a failure the
 * old data is in use again.
 */
export async function restoreBackup(context: StackContext, options: RestoreOptions): Promise<RestoreResult> {
  const { workspace, log } = context;
  const { backup } = options;
  const found = restoreProgress.read(workspace.dir);
  if (found !== undefined && (found.undoing || !isRestoreOf(found, backup))) throw restoreUnderWay(found);
  const project = await checkFilesAndStack(context, options);
  const services = await StackServices.open(context);
  log.step("starting the database");
  await services.prepare();
  const progress = found ?? newRestore(backup, services.running);
  if (restoreProgress.isBefore(progress, "stopped")) {
    await restoredVolumes({ ...context, provisions: services.provisions }, progress.id).requireRights();
  }
  const run = new Restore(context, await withSafety(context, options, progress), services, progress);
  try {
    await run.execute();
  } catch (error) {
    // An interrupted restore continues later; a failed one is rolled back now.
    if (context.signal.aborted) throw error;
    await rollBack(context, run.progress, services).catch((failure: unknown) => {
      log.warn(`the previous data is not back in use yet: ${failure instanceof Error ? failure.message : failure}`);
      log.warn("once this is fixed: npx glitchtip-compose restore --abort");
    });
    throw error;
  }
  const { tables } = backup.manifest.database;
  return defined({
    backup: backup.path,
    project,
    safety: run.progress.safety,
    tables: Object.keys(tables).length,
    rows: Object.values(tables).reduce((sum, { rows }) => sum + rows, 0),
    apps: run.apps,
  });
}

/** Checks the database, also when a restore continues: its disk may be full by now. An empty one needs no safety copy. */
async function withSafety(
  context: StackContext,
  options: RestoreOptions,
  progress: RestoreProgress,
): Promise<RestoreOptions> {
  if (!restoreProgress.isBefore(progress, "loaded")) return options;
  const { empty } = await checkDatabase(options.backup, stackBackups(context).sources.database);
  return empty ? { ...options, safety: false } : options;
}

/** Rolls back a restore that did not end. Returns the path of its backup, or undefined where no restore is under way. */
export async function abortRestore(context: StackContext): Promise<string | undefined> {
  const found = restoreProgress.read(context.workspace.dir);
  if (found === undefined) return undefined;
  const services = await StackServices.open(context);
  await services.prepare();
  await rollBack(context, found, services);
  return found.backup;
}

/**
 * Puts the old database, uploads and provisioner's state back, and starts what ran before. Only the database has to be
 * back for that: where another step fails the services start all the same, the record of the restore stays, and the error
 * is thrown then. May be executed again.
 */
async function rollBack(context: StackContext, progress: RestoreProgress, services: StackServices): Promise<void> {
  const { dir } = context.workspace;
  const { database } = stackBackups(context).sources;
  const volumes = restoredVolumes({ ...context, provisions: services.provisions }, progress.id);
  const [replaced] = await database.names(replacedDatabase(progress));
  if (!restoreProgress.isBefore(progress, "started") && replaced === undefined) {
    // The restored stack was proved and the old database dropped: only the rest of the cleaning is left.
    await volumes.forget();
    return restoreProgress.forget(dir);
  }
  context.log.step("going back to the previous data");
  restoreProgress.save(dir, { ...progress, undoing: true });
  const failures: unknown[] = [];
  const attempt = async (work: () => Promise<unknown>) => {
    try {
      await work();
    } catch (error) {
      context.signal.throwIfAborted();
      failures.push(error);
    }
  };
  // From then on the restored server may have run, and taken events in.
  const mayHaveServed = !restoreProgress.isBefore(progress, "state") && replaced !== undefined;
  if (mayHaveServed) await finishAccepted(context);
  if (!restoreProgress.isBefore(progress, "stopped")) await attempt(() => services.stop());
  const aside = mayHaveServed ? await placeForAccepted(context, progress) : newScratchDatabase();
  // Without it nothing is started: what the server accepted would be lost with the restored database.
  if (replaced !== undefined) await database.swap(replaced, aside);
  await attempt(() => volumes.rollBack());
  await attempt(async () => {
    for (const name of await database.names(SCRATCH_PREFIX)) await database.drop(name);
  });
  if (progress.running.length > 0) await attempt(() => services.start(progress.running));
  if (failures.length > 0) throw failures[0];
  restoreProgress.forget(dir);
}

/**
 * Copies what the restored server has accepted. Returns the name that its database is given: one that is dropped, or one
 * that stays where the copy failed, because what was there has to serve again all the same.
 */
async function placeForAccepted(context: StackContext, { id }: RestoreProgress): Promise<string> {
  try {
    await copyAccepted(context);
    return newScratchDatabase();
  } catch (error) {
    context.signal.throwIfAborted();
    if (!(error instanceof CodedError)) throw error;
    const kept = `glitchtip_accepted_${id}`;
    context.log.warn(`the copy failed: ${error.message}; events that were accepted meanwhile stay in database ${kept}`);
    return kept;
  }
}

/** The error for a command that cannot begin while this restore is not over. */
export const restoreUnderWay = ({ backup, step, undoing }: RestoreProgress): CodedError =>
  new CodedError("GC1805", `a restore of ${backup} is ${undoing ? "being undone" : `under way (${step})`}`, {
    remedy: undoing
      ? "npx glitchtip-compose restore --abort ends that."
      : `Go on with: npx glitchtip-compose restore ${backup}. Or go back: npx glitchtip-compose restore --abort`,
  });
