import { checkForUpgrade, findOldDatabaseVolumes, removeVolumes } from "../backup/index.ts";
import { EXIT } from "../base/errors.ts";
import type { Docker } from "../docker/index.ts";
import type { Workspace } from "../workspace/index.ts";
import type { CliContext } from "./context.ts";
import { typed } from "./screen.ts";

/** `upgrade --check`, for a mail of cron's. */
export async function checkUpgrade(context: CliContext, docker: Docker, project: Workspace): Promise<void> {
  const found = await checkForUpgrade(docker, project);
  const any = found.newBuild || found.newer.length > 0;
  if (any) context.setExitCode(EXIT.changes);
  if (context.json) return context.print(JSON.stringify(found));
  const runs = `${found.image}${found.version === undefined ? "" : ` (${found.version})`} runs`;
  context.print(any ? runs : `${runs}, and nothing newer is on this machine`);
  if (found.newBuild) context.print("  its tag stands for another image here: glitchtip-compose upgrade");
  for (const image of found.newer) context.print(`  ${image} is here: glitchtip-compose upgrade --to ${image}`);
}

interface CleanUpFlags {
  readonly dryRun?: boolean;
  readonly yesCleanup?: string;
}

/** `upgrade --cleanup`: nothing else ever deletes a volume. */
export async function cleanUp(context: CliContext, docker: Docker, flags: CleanUpFlags): Promise<void> {
  const { project, volumes } = await findOldDatabaseVolumes(docker);
  const { dryRun = false } = flags;
  if (!dryRun && volumes.length > 0) {
    const question = `Delete for good, with the databases in them: ${volumes.join(", ")}.`;
    if (!(await typed(context, question, project, { flag: "--yes-cleanup", value: flags.yesCleanup }))) {
      context.log.info("Nothing was deleted.");
      return context.setExitCode(EXIT.failed);
    }
    await removeVolumes(docker, volumes);
  }
  if (context.json) return context.print(JSON.stringify({ dryRun, volumes }));
  const verb = dryRun ? "would delete" : "deleted";
  context.print(volumes.length === 0 ? "no volume is left over" : `${verb} ${volumes.join(", ")}`);
}
