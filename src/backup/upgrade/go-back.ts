import { CodedError } from "../../base/errors.ts";
import { workspaceDocker } from "../../workspace/index.ts";
import { readBackup } from "../catalog.ts";
import { createBackup } from "../create.ts";
import { stackBackups } from "../open.ts";
import { openContents } from "../restore/files.ts";
import { restoreBackup } from "../restore/index.ts";
import { readRestoreProgress } from "../restore/progress.ts";
import { openServices } from "../restore/services.ts";
import { abortRestore } from "../restore/take-back.ts";
import { stackContext, startRest, type UpgradeContext } from "./context.ts";
import { forgetProgress, isBefore, type Progress, saveProgress } from "./progress.ts";
import { putSettings } from "./settings.ts";
import { removeLeftovers } from "./stack.ts";

/**
 * The old images and settings, and the data as they were: of the backup, where a migration may have begun. May be done
 * again from the start, however often it is killed.
 */
export async function goBack(context: UpgradeContext, begun: Progress): Promise<Progress> {
  const { dir, log, docker } = context;
  let progress: Progress = { ...begun, undoing: true };
  saveProgress(dir, progress);
  log.step(`going back to ${progress.from}`);
  if (isBefore(progress, "stopped")) {
    await startRest(context, progress);
    forgetProgress(dir);
    return progress;
  }
  await (await openServices(stackContext(context))).stop();
  if (progress.step === "done" && progress.safety === undefined) {
    progress = { ...progress, safety: await copyFirst(context, begun) };
    saveProgress(dir, progress);
  }
  await putSettings({ ...context, docker: workspaceDocker(context) }, progress.settings, "before");
  if (!isBefore(progress, "switched")) await restoreData(context, progress);
  await removeLeftovers(docker);
  await startRest(context, progress);
  forgetProgress(dir);
  return progress;
}

/** What came since the upgrade; without a copy of it nothing is taken back. */
async function copyFirst(context: UpgradeContext, begun: Progress): Promise<string> {
  context.log.step("copying what is there");
  try {
    const backups = stackBackups(stackContext(context));
    return (await createBackup(backups, { reason: "before restore", verify: true })).path;
  } catch (error) {
    context.signal.throwIfAborted();
    saveProgress(context.dir, begun);
    await startRest(context, begun);
    throw error;
  }
}

async function restoreData(context: UpgradeContext, { backup: path }: Progress): Promise<void> {
  if (path === undefined) throw new CodedError("GC1803", "the upgrade's record names no backup");
  const backup = readBackup(path);
  const stack = stackContext(context);
  if (readRestoreProgress(context.dir)?.undoing) await abortRestore(stack);
  await restoreBackup(stack, { backup, contents: await openContents(backup, undefined), safety: false });
}
