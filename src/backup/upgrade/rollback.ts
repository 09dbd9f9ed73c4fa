import { CodedError } from "../../base/errors.ts";
import { ResumableRun } from "../../outputs/progress-file.ts";
import { jobQueueOf, observeStack, pauseIntake } from "../../running/index.ts";
import { SERVER, WORKER } from "../../stack/service-names.ts";
import { workspaceDocker } from "../../workspace/index.ts";
import { copyAccepted, finishAccepted } from "../accepted-meanwhile.ts";
import { readBackup } from "../catalog.ts";
import { createBackup } from "../create.ts";
import { openContents } from "../restore/contents.ts";
import { restoreProgress } from "../restore/progress.ts";
import { abortRestore, restoreBackup } from "../restore/restore.ts";
import { StackServices } from "../stack-services.ts";
import { stackBackups } from "../stack-sources.ts";
import { stackContext, startRest, type UpgradeContext } from "./context.ts";
import { type UpgradeProgress, upgradeProgress } from "./progress.ts";
import { writeSettings } from "./settings.ts";
import { removeUndeclaredContainers } from "./stack.ts";

/** What a rollback does to the stack. Each step may be executed again. */
export interface RollbackSteps {
  /** Lets the worker finish what the upgraded server has accepted. */
  pause(): Promise<void>;
  /** Stops everything that writes. */
  stop(): Promise<void>;
  /** Backs up what came since the upgrade, and returns the path. */
  copy(): Promise<string>;
  writeSettings(moment: "before" | "after"): Promise<void>;
  /** Puts the data of the upgrade's backup in place and proves the old server with it. */
  restoreData(): Promise<void>;
  /** Ends a restore that could not go back by itself. */
  abortRestore(): Promise<void>;
  removeUndeclared(): Promise<void>;
  /** Starts web and worker where they ran, or throws; only warns of the other services. */
  start(): Promise<void>;
}

/**
 * Brings back the old images and settings and, where a migration may have begun, the data of the upgrade's backup. May
 * be executed again from the start, however often it is killed. Where the rollback of a finished upgrade fails before the
 * old data is in place, the upgraded server runs again.
 */
export async function rollBackUpgrade(context: UpgradeContext, begun: UpgradeProgress): Promise<UpgradeProgress> {
  const run = new ResumableRun(upgradeProgress, context, begun);
  context.log.step(`going back to ${begun.from}`);
  await undoUpgrade(run, await rollbackSteps(context, begun), context);
  return run.progress;
}

/** Executes the steps that this progress asks for. */
export async function undoUpgrade(
  run: ResumableRun<UpgradeProgress>,
  steps: RollbackSteps,
  { signal, log }: Pick<UpgradeContext, "signal" | "log">,
): Promise<void> {
  run.save({ undoing: true });
  if (!upgradeProgress.isBefore(run.progress, "stopped") && !run.progress.restored) {
    try {
      await replace(run, steps);
    } catch (error) {
      signal.throwIfAborted();
      // A server that was upgraded halfway cannot run again: only the next attempt helps.
      if (run.progress.step === "done") {
        await goForward(run, steps).catch((other: unknown) => {
          log.warn(`${run.progress.to} does not run again yet: ${other instanceof Error ? other.message : other}`);
          log.warn("once this is fixed: npx glitchtip-compose rollback");
        });
      }
      throw error;
    }
  }
  if (!upgradeProgress.isBefore(run.progress, "stopped")) await steps.removeUndeclared();
  await steps.start();
  run.forget();
}

async function replace(run: ResumableRun<UpgradeProgress>, steps: RollbackSteps): Promise<void> {
  const mayBeMigrated = !upgradeProgress.isBefore(run.progress, "switched");
  // From then on the upgraded server may have run, and taken events in, also where the upgrade failed afterwards.
  const mayHaveServed = !upgradeProgress.isBefore(run.progress, "migrated");
  if (mayHaveServed) await steps.pause();
  if (mayBeMigrated) await steps.stop();
  if (mayHaveServed && run.progress.safety === undefined) run.save({ safety: await steps.copy() });
  await steps.writeSettings("before");
  if (mayBeMigrated) await steps.restoreData();
  run.save({ restored: true });
}

/** Runs the upgraded server again: its data is still in place. */
async function goForward(run: ResumableRun<UpgradeProgress>, steps: RollbackSteps): Promise<void> {
  await steps.abortRestore();
  await steps.writeSettings("after");
  // What it accepts from now on is in no copy yet.
  const { safety: _, ...progress } = run.progress;
  run.progress = progress;
  run.save();
  await steps.start();
  run.save({ undoing: false });
}

async function rollbackSteps(context: UpgradeContext, begun: UpgradeProgress): Promise<RollbackSteps> {
  const { log, docker } = context;
  const isDone = begun.step === "done";
  const running = isDone ? (await StackServices.open(context)).running : [];
  return {
    async pause() {
      const stack = stackContext(context);
      if (!isDone) return await finishAccepted(stack);
      await pauseIntake({ ...context, queue: jobQueueOf(stack.workspace.declaration), say: log.step });
    },
    stop: async () => (await StackServices.open(context)).stop(),
    async copy() {
      const stack = stackContext(context);
      if (!isDone) return await copyAccepted(stack);
      log.step("backing up the current data");
      return (await createBackup(stackBackups(stack), { reason: "before restore", verify: true })).path;
    },
    writeSettings: (moment) => writeSettings({ ...context, docker: workspaceDocker(context) }, begun.settings, moment),
    restoreData: () => restoreData(context, begun),
    async abortRestore() {
      if (restoreProgress.read(context.dir) !== undefined) await abortRestore(stackContext(context));
    },
    async removeUndeclared() {
      await removeUndeclaredContainers(docker);
    },
    async start() {
      const services = await StackServices.open(context);
      const { config } = await observeStack(docker);
      const ran = [...new Set([...begun.running, ...running])];
      const first = [SERVER, WORKER].filter((name) => ran.includes(name) && config.services[name] !== undefined);
      if (first.length > 0) await services.start(first);
      await startRest(context, { ...begun, running: ran });
    },
  };
}

async function restoreData(context: UpgradeContext, { backup: path }: UpgradeProgress): Promise<void> {
  if (path === undefined) throw new CodedError("GC1803", "the upgrade's record names no backup");
  const backup = readBackup(path);
  const stack = stackContext(context);
  if (restoreProgress.read(context.dir)?.undoing) await abortRestore(stack);
  await restoreBackup(stack, { backup, contents: await openContents(backup, undefined), safety: false });
}
