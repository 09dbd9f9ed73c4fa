import { CodedError } from "../../base/errors.ts";
import { ResumableRun } from "../../outputs/progress-file.ts";
import { jobQueueOf, pauseIntake } from "../../running/index.ts";
import { workspaceDocker } from "../../workspace/index.ts";
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

/**
 * Brings back the old images and settings and, where a migration may have begun, the data of the upgrade's backup. May
 * be executed again from the start, however often it is killed.
 */
export async function rollBackUpgrade(context: UpgradeContext, begun: UpgradeProgress): Promise<UpgradeProgress> {
  const { log, docker } = context;
  const run = new ResumableRun(upgradeProgress, context, begun);
  run.save({ undoing: true });
  log.step(`going back to ${begun.from}`);
  if (!upgradeProgress.isBefore(run.progress, "stopped")) {
    if (begun.step === "done") await pauseIntake({ ...context, queue: queueOf(context), say: log.step });
    await (await StackServices.open(context)).stop();
    if (begun.step === "done" && begun.safety === undefined) run.save({ safety: await copyFirst(context, begun) });
    await writeSettings({ ...context, docker: workspaceDocker(context) }, begun.settings, "before");
    if (!upgradeProgress.isBefore(run.progress, "switched")) await restoreData(context, begun);
    await removeUndeclaredContainers(docker);
  }
  await startRest(context, begun);
  run.forget();
  return run.progress;
}

const queueOf = (context: UpgradeContext) => jobQueueOf(stackContext(context).workspace.declaration);

/** Backs up what came since the upgrade. Without this backup nothing is rolled back. */
async function copyFirst(context: UpgradeContext, begun: UpgradeProgress): Promise<string> {
  context.log.step("copying what is there");
  try {
    const backups = stackBackups(stackContext(context));
    return (await createBackup(backups, { reason: "before restore", verify: true })).path;
  } catch (error) {
    context.signal.throwIfAborted();
    upgradeProgress.save(context.dir, begun);
    await startRest(context, begun);
    throw error;
  }
}

async function restoreData(context: UpgradeContext, { backup: path }: UpgradeProgress): Promise<void> {
  if (path === undefined) throw new CodedError("GC1803", "the upgrade's record names no backup");
  const backup = readBackup(path);
  const stack = stackContext(context);
  if (restoreProgress.read(context.dir)?.undoing) await abortRestore(stack);
  await restoreBackup(stack, { backup, contents: await openContents(backup, undefined), safety: false });
}
