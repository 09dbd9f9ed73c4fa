import { CodedError } from "../base/errors.ts";
import { jobQueueOf, pauseIntake } from "../running/index.ts";
import { createBackup } from "./create.ts";
import { type StackContext, stackBackups } from "./stack-sources.ts";

/** The worker of a server that failed may never finish. */
const FINISHED_WITHIN_MS = 15_000;

/**
 * Lets the worker store what a failed server has accepted, and stops both. Only warns of a failure, because such a server
 * may not work at all.
 */
export async function finishAccepted(context: StackContext): Promise<void> {
  const { docker, workspace, log, signal } = context;
  const queue = jobQueueOf(workspace.declaration);
  try {
    await pauseIntake({ ...context, docker, queue, drainedWithinMs: FINISHED_WITHIN_MS, say: log.step });
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof CodedError)) throw error;
    log.warn(`the worker could not finish its jobs: ${error.message}`);
  }
}

/**
 * Backs up the data of a server that is about to be replaced by that of before: it was published while it was proved, and
 * the events that it has accepted are nowhere else. Returns the path.
 */
export async function copyAccepted(context: StackContext): Promise<string> {
  context.log.step("copying the events that were accepted meanwhile");
  const { path } = await createBackup(stackBackups(context), { reason: "before restore", verify: false });
  context.log.info(`events that were accepted meanwhile are in ${path}`);
  return path;
}
