import { createReadStream } from "node:fs";
import { join } from "node:path";
import { CodedError } from "../../base/errors.ts";
import { type Backup, checkFiles } from "../backup/catalog.ts";
import { createBackup } from "../backup/create.ts";
import { DUMP, differences, UPLOADS } from "../backup/manifest.ts";
import type { StackContext } from "../backup/open.ts";
import { backupFolder, stackBackups } from "../backup/open.ts";
import { SERVER } from "../running-stack.ts";
import { checkDatabase, checkGeneration, checkOwnProject } from "./check.ts";
import { type Contents, requireFiles } from "./files.ts";
import {
  asideOf,
  beginProgress,
  endProgress,
  isBefore,
  isOf,
  newScratch,
  type Progress,
  readProgress,
  SCRATCH_PREFIX,
  type Step,
  saveProgress,
} from "./progress.ts";
import { openServices, type Services } from "./services.ts";
import { stackVolumes, type Volumes } from "./volumes.ts";

export interface RestoreOptions {
  readonly backup: Backup;
  readonly contents: Contents;
  /** A copy of what is there first, tried like any other. Default: yes. */
  readonly safety?: boolean;
}

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
export async function checkBackup(
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
  const found = readProgress(project.dir);
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

/** One restore on its way; every step may be done again. */
class Restore {
  readonly #context: StackContext;
  readonly #options: RestoreOptions;
  readonly #services: Services;
  readonly #volumes: Volumes;
  progress: Progress;
  apps: readonly string[] = [];

  constructor(context: StackContext, options: RestoreOptions, services: Services, progress: Progress) {
    this.#context = context;
    this.#options = options;
    this.#services = services;
    this.#volumes = stackVolumes(context.docker, progress.id, context.signal);
    this.progress = progress;
  }

  async forward(): Promise<void> {
    const { log, project } = this.#context;
    const { backup, contents } = this.#options;
    const { path, manifest } = backup;
    const { database } = stackBackups(this.#context).sources;
    if (isBefore(this.progress, "stopped")) saveProgress(project.dir, this.progress);
    await this.#step("stopped", "stopping what writes", () => this.#services.stop());
    await this.#step("saved", "copying what is there", async () => {
      if (this.#options.safety === false) return;
      const verify = project.declaration.backup?.verify ?? true;
      const made = await createBackup(stackBackups(this.#context), { reason: "before restore", verify });
      this.progress = { ...this.progress, safety: made.path };
    });
    await this.#step("loaded", "loading the database beside the old one", async () => {
      const scratch = newScratch();
      this.progress = { ...this.progress, scratch };
      saveProgress(project.dir, this.progress);
      const found = await database.load(createReadStream(join(path, DUMP)), scratch);
      const problems = differences(manifest.database.tables, found.tables);
      if (problems.length === 0) return;
      throw new CodedError("GC1802", "the restored database is not what was backed up", {
        problems: problems.slice(0, 10),
        remedy: "What was there is in use again. Take another backup: glitchtip-compose backup list",
      });
    });
    await this.#step("swapped", "putting it in the old one's place", () =>
      database.swap(this.progress.scratch ?? "", asideOf(this.progress)),
    );
    await this.#step("uploads", "restoring the uploads", () => this.#volumes.restoreUploads(join(path, UPLOADS)));
    await this.#step("state", "restoring what the provisioner knows", () =>
      this.#volumes.restoreState(contents.state ?? '{"version":1,"projects":{}}\n'),
    );
    this.apps = await this.#services.startAndProve(contents.state);
    await this.#step("started", "starting the rest", () => this.#startRest());
    log.step("cleaning up");
    await database.drop(asideOf(this.progress));
    for (const name of await database.names(SCRATCH_PREFIX)) await database.drop(name);
    await this.#volumes.forget();
    endProgress(project.dir);
  }

  /** The data is proved by now: an app that does not come up is no reason to take it back. */
  async #startRest(): Promise<void> {
    const { log, signal } = this.#context;
    const { running } = this.progress;
    await this.#services.startRest(running.includes(SERVER) ? running : []).catch((error: unknown) => {
      signal.throwIfAborted();
      if (!(error instanceof CodedError)) throw error;
      log.warn(`not everything runs: ${error.message}; see docker compose ps`);
    });
  }

  async #step(done: Step, what: string, work: () => Promise<void>): Promise<void> {
    const { log, signal, project } = this.#context;
    if (!isBefore(this.progress, done)) return;
    signal.throwIfAborted();
    log.step(what);
    await work();
    this.progress = { ...this.progress, step: done };
    saveProgress(project.dir, this.progress);
  }
}

/** Goes back to what was there before a restore that did not end; gives the backup that it was of. */
export async function abortRestore(context: StackContext): Promise<string | undefined> {
  const found = readProgress(context.project.dir);
  if (found === undefined) return undefined;
  const services = await openServices(context);
  await services.prepare();
  await takeBack(context, found, services);
  return found.backup;
}

async function takeBack(context: StackContext, progress: Progress, services: Services): Promise<void> {
  const { project, log, docker, signal } = context;
  const { database } = stackBackups(context).sources;
  log.step("going back to what was there");
  saveProgress(project.dir, { ...progress, undoing: true });
  if (!isBefore(progress, "stopped")) await services.stop();
  const [aside] = await database.names(asideOf(progress));
  if (aside !== undefined) await database.swap(aside, newScratch());
  await stackVolumes(docker, progress.id, signal).takeBack();
  for (const name of await database.names(SCRATCH_PREFIX)) await database.drop(name);
  if (progress.running.length > 0) await services.startRest(progress.running);
  endProgress(project.dir);
}

const underWay = ({ backup, step, undoing }: Progress): CodedError =>
  new CodedError("GC1805", `a restore of ${backup} is ${undoing ? "being taken back" : `under way (${step})`}`, {
    remedy: undoing
      ? "glitchtip-compose restore --abort ends that."
      : `Go on with: glitchtip-compose restore ${backup}. Or go back: glitchtip-compose restore --abort`,
  });

export const restoreFolder = backupFolder;
