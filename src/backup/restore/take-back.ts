import { type StackContext, stackBackups } from "../open.ts";
import {
  asideOf,
  endProgress,
  isBefore,
  newScratch,
  type Progress,
  readRestoreProgress,
  SCRATCH_PREFIX,
  saveProgress,
} from "./progress.ts";
import { openServices, type Services } from "./services.ts";
import { stackVolumes } from "./volumes.ts";

/** Goes back to what was there before a restore that did not end; gives the backup that it was of. */
export async function abortRestore(context: StackContext): Promise<string | undefined> {
  const found = readRestoreProgress(context.project.dir);
  if (found === undefined) return undefined;
  const services = await openServices(context);
  await services.prepare();
  await takeBack(context, found, services);
  return found.backup;
}

/** The old database, uploads and memory in their places again, and what ran before. */
export async function takeBack(context: StackContext, progress: Progress, services: Services): Promise<void> {
  const { project, log } = context;
  const { database } = stackBackups(context).sources;
  log.step("going back to what was there");
  saveProgress(project.dir, { ...progress, undoing: true });
  if (!isBefore(progress, "stopped")) await services.stop();
  const [aside] = await database.names(asideOf(progress));
  if (aside !== undefined) await database.swap(aside, newScratch());
  await stackVolumes({ ...context, ...services }, progress.id).takeBack();
  for (const name of await database.names(SCRATCH_PREFIX)) await database.drop(name);
  if (progress.running.length > 0) await services.startRest(progress.running);
  endProgress(project.dir);
}
