import { createReadStream } from "node:fs";
import { join } from "node:path";
import { CodedError } from "../../base/errors.ts";
import { readIfThere } from "../../base/files.ts";
import { resolveServer } from "../../config/server.ts";
import { DATABASE } from "../../stack/service-names.ts";
import { lock, workspaceDocker } from "../../workspace/index.ts";
import { readBackup } from "../catalog.ts";
import { createBackup } from "../create.ts";
import { DUMP, differences, STATE } from "../manifest.ts";
import { stackBackups } from "../open.ts";
import { newScratch, SCRATCH_PREFIX } from "../restore/progress.ts";
import { openServices } from "../restore/services.ts";
import { stackContext, startRest, type UpgradeContext } from "./context.ts";
import { goBack } from "./go-back.ts";
import { isBefore, type Progress, type Step, saveProgress } from "./progress.ts";
import { putSettings } from "./settings.ts";
import { drain, forgetProofs, migrate, removeLeftovers } from "./stack.ts";

export interface UpgradeResult {
  readonly from: string;
  readonly to: string;
  readonly backup: string;
  /** Apps whose old DSN the new server has accepted, and of which an event was read back. */
  readonly apps: readonly string[];
}

/** Goes on from where it is to the end. Killed or interrupted it goes on later; failed, what ran before runs again. */
export async function carryOutUpgrade(context: UpgradeContext, begun: Progress): Promise<UpgradeResult> {
  saveProgress(context.dir, begun);
  const run = new Upgrade(context, begun);
  try {
    return await run.forward();
  } catch (error) {
    if (context.signal.aborted) throw error;
    throw await takenBack(context, run.progress, error);
  }
}

async function takenBack(context: UpgradeContext, progress: Progress, error: unknown): Promise<unknown> {
  if (!(error instanceof CodedError)) context.log.warn(String(error));
  const problems = [
    error instanceof CodedError ? `${error.code}: ${error.message}` : String(error),
    ...(error instanceof CodedError ? error.problems : []),
  ];
  try {
    await goBack(context, progress);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    return new CodedError(
      "GC1810",
      `the upgrade to ${progress.to} failed, and ${progress.from} does not run again yet`,
      {
        problems: [...problems, why],
        remedy: "When this is mended: glitchtip-compose rollback",
        cause,
      },
    );
  }
  return new CodedError("GC1810", `the upgrade to ${progress.to} failed; ${progress.from} runs again, with its data`, {
    problems,
    remedy: error instanceof CodedError && error.remedy ? error.remedy : "Nothing is left to do.",
    cause: error,
  });
}

class Upgrade {
  readonly #context: UpgradeContext;
  progress: Progress;

  constructor(context: UpgradeContext, progress: Progress) {
    this.#context = context;
    this.progress = progress;
  }

  async forward(): Promise<UpgradeResult> {
    const context = this.#context;
    const { docker, log, signal } = context;
    const calls = { ...context, say: log.step };
    await this.#step("stopped", "stopping what writes", async () => {
      const services = await openServices(stackContext(context));
      await services.prepare();
      const { server } = resolveServer(stackContext(context).project.declaration.server);
      await drain(calls, server?.capabilities.jobQueue ?? "celery");
      await services.stop();
    });
    await this.#step("saved", "copying what is there", async () => {
      const stack = stackContext(context);
      const made = await createBackup(stackBackups(stack), { reason: "before upgrade", verify: true });
      this.progress = { ...this.progress, backup: made.path };
    });
    await this.#step("switched", `declaring ${this.progress.to}`, () => this.#switch());
    await this.#step("loaded", "loading the database into the new Postgres", () => this.#load());
    await this.#step("migrated", "migrating the database", () => migrate(calls));
    let apps: readonly string[] = [];
    await this.#step("proved", "starting it", async () => {
      await forgetProofs(docker, signal);
      const services = await openServices(stackContext(context));
      apps = await services.startAndProve(readIfThere(join(this.progress.backup ?? "", STATE)));
    });
    await this.#step("done", "starting the rest", async () => {
      for (const name of await removeLeftovers(docker)) log.info(`${name} is no longer needed; its container is gone`);
      await startRest(context, this.progress);
    });
    const { from, to, backup = "" } = this.progress;
    return { from, to, backup, apps };
  }

  async #switch(): Promise<void> {
    const context = this.#context;
    const { dir, docker, log } = context;
    const { settings } = this.progress;
    const files = { ...context, docker: workspaceDocker(context) };
    await putSettings(files, settings, "after");
    if (settings.lock === undefined) return;
    const { registryDigest } = await import("../../docker/images.ts");
    const { address } = await docker.located();
    const asked = { config: docker.compose.config, digest: (name: string) => registryDigest(address, name) };
    try {
      const { unpinned } = await lock({ ...files, dir }, asked);
      for (const line of unpinned) log.warn(`${line}; it is not pinned`);
    } catch (error) {
      if (!(error instanceof CodedError) || error.code !== "GC1607") throw error;
      log.warn(`the new image is not pinned: ${error.message}`);
    }
  }

  /** Into another one beside the empty one, counted, and in its place; done again it is the same. */
  async #load(): Promise<void> {
    const { postgres, backup: path = "" } = this.progress;
    if (postgres === undefined) return;
    const { docker, log } = this.#context;
    await docker.compose.up({ services: [DATABASE], onLine: (line) => /Healthy|Error/.test(line) && log.step(line) });
    const { manifest } = readBackup(path);
    const { database } = stackBackups(stackContext(this.#context)).sources;
    const [scratch, aside] = [newScratch(), newScratch()];
    const found = await database.load(createReadStream(join(path, DUMP)), scratch);
    const problems = differences(manifest.database.tables, found.tables);
    if (problems.length > 0) {
      throw new CodedError("GC1802", `${postgres.to} does not hold what was dumped`, {
        problems: problems.slice(0, 10),
      });
    }
    await database.swap(scratch, aside);
    for (const name of await database.names(SCRATCH_PREFIX)) await database.drop(name);
  }

  async #step(done: Step, what: string, work: () => Promise<void>): Promise<void> {
    const { log, signal, dir } = this.#context;
    if (!isBefore(this.progress, done)) return;
    signal.throwIfAborted();
    log.step(what);
    await work();
    this.progress = { ...this.progress, step: done };
    saveProgress(dir, this.progress);
  }
}
