import { createReadStream } from "node:fs";
import { join } from "node:path";
import { CodedError } from "../../base/errors.ts";
import { readIfThere } from "../../base/files.ts";
import { ResumableRun } from "../../outputs/progress-file.ts";
import { drainQueue, jobQueueOf } from "../../running/index.ts";
import { DATABASE } from "../../stack/service-names.ts";
import { lockImages, workspaceDocker } from "../../workspace/index.ts";
import { readBackup } from "../catalog.ts";
import { createBackup } from "../create.ts";
import { DUMP_FILE, STATE_FILE, tableDifferences } from "../manifest.ts";
import { newScratchDatabase, SCRATCH_PREFIX } from "../restore/progress.ts";
import { healthLines, StackServices } from "../stack-services.ts";
import { stackBackups } from "../stack-sources.ts";
import { stackContext, startRest, type UpgradeContext } from "./context.ts";
import { type UpgradeProgress, upgradeProgress } from "./progress.ts";
import { rollBackUpgrade } from "./rollback.ts";
import { writeSettings } from "./settings.ts";
import { forgetProofs, removeUndeclaredContainers, runMigrations } from "./stack.ts";

export interface UpgradeResult {
  /** Images of GlitchTip. */
  readonly from: string;
  readonly to: string;
  /** Path of the backup that was made first. */
  readonly backup: string;
  /** Apps whose old DSN the new server has accepted, and of which an event was read back. */
  readonly apps: readonly string[];
}

/**
 * Executes the steps of an upgrade that are not done yet. An interrupted upgrade continues with the same call; a failed
 * one is rolled back and throws GC1810.
 */
export async function executeUpgrade(context: UpgradeContext, begun: UpgradeProgress): Promise<UpgradeResult> {
  const upgrade = new Upgrade(context, begun);
  try {
    return await upgrade.execute();
  } catch (error) {
    if (context.signal.aborted) throw error;
    throw await afterRollback(context, upgrade.progress, error);
  }
}

/** Rolls a failed upgrade back and returns the error that tells of both. */
async function afterRollback(context: UpgradeContext, progress: UpgradeProgress, error: unknown): Promise<CodedError> {
  const { from, to } = progress;
  if (!(error instanceof CodedError)) context.log.warn(String(error));
  const problems =
    error instanceof CodedError ? [`${error.code}: ${error.message}`, ...error.problems] : [String(error)];
  try {
    await rollBackUpgrade(context, progress);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    return new CodedError("GC1810", `the upgrade to ${to} failed, and ${from} does not run again yet`, {
      problems: [...problems, why],
      remedy: "Once this is fixed: npx glitchtip-compose rollback",
      cause,
    });
  }
  return new CodedError("GC1810", `the upgrade to ${to} failed; ${from} runs again, with its data`, {
    problems,
    remedy: error instanceof CodedError && error.remedy ? error.remedy : "Nothing is left to do.",
    cause: error,
  });
}

class Upgrade {
  readonly #context: UpgradeContext;
  readonly #run: ResumableRun<UpgradeProgress>;
  #apps: readonly string[] = [];

  constructor(context: UpgradeContext, progress: UpgradeProgress) {
    this.#context = context;
    this.#run = new ResumableRun(upgradeProgress, context, progress);
    this.#run.save();
  }

  get progress(): UpgradeProgress {
    return this.#run.progress;
  }

  async execute(): Promise<UpgradeResult> {
    const run = this.#run;
    await run.step("stopped", "stopping the services that write", () => this.#stop());
    await run.step("saved", "backing up the current data", () => this.#save());
    await run.step("switched", `declaring ${run.progress.to}`, () => this.#switchImage());
    await run.step("loaded", "loading the database into the new Postgres", () => this.#loadDatabase());
    await run.step("migrated", "migrating the database", () =>
      runMigrations({ ...this.#context, say: this.#context.log.step }),
    );
    await run.step("proved", "starting the new GlitchTip", () => this.#startAndProve());
    await run.step("done", "starting the rest", () => this.#startRest());
    const { from, to, backup = "" } = run.progress;
    return { from, to, backup, apps: this.#apps };
  }

  async #stop(): Promise<void> {
    const context = this.#context;
    const services = await StackServices.open(context);
    await services.prepare();
    // Another generation does not read the queue of this one.
    const queue = jobQueueOf(stackContext(context).workspace.declaration);
    await drainQueue({ ...context, queue, say: context.log.step });
    await services.stop();
  }

  async #save(): Promise<void> {
    const backups = stackBackups(stackContext(this.#context));
    const made = await createBackup(backups, { reason: "before upgrade", verify: true });
    this.#run.save({ backup: made.path });
  }

  async #switchImage(): Promise<void> {
    const context = this.#context;
    const { settings } = this.progress;
    await writeSettings({ ...context, docker: workspaceDocker(context) }, settings, "after");
    if (settings.lock !== undefined) await this.#pinImages();
  }

  /** Pins the digests of the new images. Without an answer of the registry they stay without a digest. */
  async #pinImages(): Promise<void> {
    const context = this.#context;
    const { docker, log } = context;
    const { registryDigest } = await import("../../docker/images.ts");
    const { address } = await docker.located();
    const asked = { config: docker.compose.config, digest: (name: string) => registryDigest(address, name) };
    try {
      const { unpinned } = await lockImages({ ...context, docker: workspaceDocker(context) }, asked);
      for (const line of unpinned) log.warn(`${line}; it is not pinned`);
    } catch (error) {
      if (!(error instanceof CodedError) || error.code !== "GC1607") throw error;
      log.warn(`the new image is not pinned: ${error.message}`);
    }
  }

  /** Loads the backup into a second database of the new, empty Postgres, compares it, and puts it in its place. */
  async #loadDatabase(): Promise<void> {
    const { postgres, backup: path = "" } = this.progress;
    if (postgres === undefined) return;
    const { docker, log } = this.#context;
    await docker.compose.up({ services: [DATABASE], onLine: healthLines(log.step) });
    const { manifest } = readBackup(path);
    const { database } = stackBackups(stackContext(this.#context)).sources;
    const [scratch, empty] = [newScratchDatabase(), newScratchDatabase()];
    const found = await database.load(createReadStream(join(path, DUMP_FILE)), scratch);
    const problems = tableDifferences(manifest.database.tables, found.tables);
    if (problems.length > 0) {
      throw new CodedError("GC1802", `${postgres.to} does not hold what was dumped`, {
        problems: problems.slice(0, 10),
      });
    }
    await database.swap(scratch, empty);
    for (const name of await database.names(SCRATCH_PREFIX)) await database.drop(name);
  }

  async #startAndProve(): Promise<void> {
    const { docker, signal } = this.#context;
    await forgetProofs(docker, signal);
    const services = await StackServices.open(this.#context);
    this.#apps = await services.startAndProve(readIfThere(join(this.progress.backup ?? "", STATE_FILE)));
  }

  async #startRest(): Promise<void> {
    const { docker, log } = this.#context;
    for (const name of await removeUndeclaredContainers(docker)) {
      log.info(`${name} is no longer needed; its container is gone`);
    }
    await startRest(this.#context, this.progress);
  }
}
