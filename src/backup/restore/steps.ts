import { createReadStream } from "node:fs";
import { join } from "node:path";
import { CodedError } from "../../base/errors.ts";
import { superuserOf } from "../../config/server.ts";
import { ResumableRun } from "../../outputs/progress-file.ts";
import { jobQueueOf, madeAdminPassword, openAccounts, pauseIntake } from "../../running/index.ts";
import { SERVER } from "../../stack/service-names.ts";
import { packageAssets } from "../../workspace/index.ts";
import type { Backup } from "../catalog.ts";
import { createBackup } from "../create.ts";
import { DUMP_FILE, tableDifferences, UPLOADS_ARCHIVE } from "../manifest.ts";
import type { StackServices } from "../stack-services.ts";
import { type StackContext, stackBackups } from "../stack-sources.ts";
import type { BackupContents } from "./contents.ts";
import {
  newScratchDatabase,
  type RestoreProgress,
  replacedDatabase,
  restoreProgress,
  SCRATCH_PREFIX,
} from "./progress.ts";
import { type RestoredVolumes, restoredVolumes } from "./volumes.ts";

export interface RestoreOptions {
  readonly backup: Backup;
  readonly contents: BackupContents;
  /** Whether what the restore replaces is backed up first. Default: true. */
  readonly safety?: boolean;
}

/** The steps of one restore. Each may be executed again, so a killed restore continues with the step that it was in. */
export class Restore {
  readonly #context: StackContext;
  readonly #options: RestoreOptions;
  readonly #services: StackServices;
  readonly #volumes: RestoredVolumes;
  readonly #run: ResumableRun<RestoreProgress>;
  /** Apps whose DSN the restored server has accepted. */
  apps: readonly string[] = [];

  constructor(context: StackContext, options: RestoreOptions, services: StackServices, progress: RestoreProgress) {
    const { dir } = context.workspace;
    this.#context = context;
    this.#options = options;
    this.#services = services;
    this.#volumes = restoredVolumes({ ...context, provisions: services.provisions }, progress.id);
    this.#run = new ResumableRun(restoreProgress, { ...context, dir }, progress);
  }

  get progress(): RestoreProgress {
    return this.#run.progress;
  }

  async execute(): Promise<void> {
    const run = this.#run;
    const { contents, backup } = this.#options;
    const { database } = stackBackups(this.#context).sources;
    if (restoreProgress.isBefore(run.progress, "stopped")) run.save();
    await run.step("stopped", "stopping the services that write", () => this.#stop());
    await run.step("saved", "backing up the current data", () => this.#saveReplaced());
    await run.step("loaded", "loading the database beside the old one", () => this.#load());
    await run.step("swapped", "putting it in place of the old one", () =>
      database.swap(run.progress.scratch ?? "", replacedDatabase(run.progress)),
    );
    await run.step("uploads", "restoring the uploads", () =>
      this.#volumes.restoreUploads(join(backup.path, UPLOADS_ARCHIVE)),
    );
    await run.step("state", "restoring the provisioner's state", () =>
      this.#volumes.restoreState(contents.state ?? '{"version":1,"projects":{}}\n'),
    );
    this.apps = await this.#services.startAndProve(contents.state, () => this.#setAdminPassword());
    await run.step("started", "starting the rest", () => this.#startRest());
    this.#context.log.step("cleaning up");
    await this.#cleanUp("the old database", () => database.drop(replacedDatabase(run.progress)));
    await this.#cleanUp("other databases of restores", async () => {
      for (const name of await database.names(SCRATCH_PREFIX)) await database.drop(name);
    });
    await this.#cleanUp("the old uploads", () => this.#volumes.forget());
    run.forget();
  }

  /**
   * The restored account has the password of its time. The volume's may be newer, or a new one where the volumes were
   * lost, and it is what the provisioner signs in with.
   */
  async #setAdminPassword(): Promise<void> {
    const { docker, workspace, log, signal } = this.#context;
    const { admin } = workspace.declaration;
    if (admin === undefined || admin.password !== undefined) return;
    const { email } = superuserOf(workspace.declaration);
    const password = await madeAdminPassword(docker);
    try {
      await openAccounts(docker, packageAssets().accounts()).do("user password", { email, password });
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof CodedError)) throw error;
      log.warn(`the password of ${email} was not set: ${error.message}`);
    }
  }

  /** Warns of a failure: the restored stack is proved and serves, so nothing is taken back for it. */
  async #cleanUp(what: string, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.#context.signal.throwIfAborted();
      if (!(error instanceof CodedError)) throw error;
      this.#context.log.warn(`${what} could not be removed: ${error.message}`);
    }
  }

  /** Starts everything where GlitchTip did not run before: whoever restores wants to use it. */
  async #startRest(): Promise<void> {
    const { running } = this.progress;
    await this.#services.startOrWarn(running.includes(SERVER) ? running : []);
  }

  /** The copy of what is there is to have the events that were accepted. */
  async #stop(): Promise<void> {
    const { docker, workspace, log } = this.#context;
    const queue = jobQueueOf(workspace.declaration);
    if (this.#services.databaseRuns) await pauseIntake({ ...this.#context, docker, queue, say: log.step });
    await this.#services.stop();
  }

  async #saveReplaced(): Promise<void> {
    if (this.#options.safety === false) return;
    const verify = this.#context.workspace.declaration.backup?.verify ?? true;
    const made = await createBackup(stackBackups(this.#context), { reason: "before restore", verify });
    this.#run.save({ safety: made.path });
  }

  async #load(): Promise<void> {
    const { path, manifest } = this.#options.backup;
    const scratch = newScratchDatabase();
    this.#run.save({ scratch });
    const { database } = stackBackups(this.#context).sources;
    const found = await database.load(createReadStream(join(path, DUMP_FILE)), scratch);
    const problems = tableDifferences(manifest.database.tables, found.tables);
    if (problems.length === 0) return;
    throw new CodedError("GC1802", "the restored database is not what was backed up", {
      problems: problems.slice(0, 10),
      remedy: "The previous data is in use again. Take another backup: npx glitchtip-compose backup list",
    });
  }
}
