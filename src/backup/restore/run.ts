import { createReadStream } from "node:fs";
import { join } from "node:path";
import { CodedError } from "../../base/errors.ts";
import { SERVER } from "../../stack/service-names.ts";
import type { Backup } from "../catalog.ts";
import { createBackup } from "../create.ts";
import { DUMP, differences, UPLOADS } from "../manifest.ts";
import { type StackContext, stackBackups } from "../open.ts";
import type { Contents } from "./files.ts";
import {
  asideOf,
  endProgress,
  isBefore,
  newScratch,
  type Progress,
  SCRATCH_PREFIX,
  type Step,
  saveProgress,
} from "./progress.ts";
import type { Services } from "./services.ts";
import { stackVolumes, type Volumes } from "./volumes.ts";

export interface RestoreOptions {
  readonly backup: Backup;
  readonly contents: Contents;
  /** A copy of what is there first, tried like any other. Default: yes. */
  readonly safety?: boolean;
}

/** One restore on its way; every step may be done again. */
export class Restore {
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
    this.#volumes = stackVolumes({ ...context, ...services }, progress.id);
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
