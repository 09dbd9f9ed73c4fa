import {
  checkForUpgrade,
  findOldDatabaseVolumes,
  removeVolumes,
  type UpgradePlan,
  type UpgradeResult,
} from "../backup/index.ts";
import { EXIT } from "../base/errors.ts";
import type { Docker } from "../docker/index.ts";
import type { Workspace } from "../workspace/index.ts";
import { agreed, type ConfirmationFlags } from "./confirmation.ts";
import type { CliContext } from "./context.ts";

/** Says that the wanted image runs already. */
export function showNothingToDo(context: CliContext, { to }: UpgradePlan): void {
  context.print(
    context.json ? JSON.stringify({ nothingToDo: true, image: to.image }) : `${to.image} runs: nothing to do`,
  );
}

const STEPS = [
  "the services that write are stopped, and no accepted event is lost",
  "a backup is created, and tested by a restore",
  "glitchtip.yaml, .env and the managed files name the new image",
  "the database is migrated, once",
  "the new server starts; each app's DSN is accepted, and an event of each project is read back",
  "the other services start again; if a step fails, the old image runs again with the backup's data",
];

/** Shows what changes and the steps of the upgrade: on stdout for a dry run, else on stderr. */
export function showPlan(context: CliContext, plan: UpgradePlan, dryRun: boolean): void {
  const { from, to, changes, afterwards } = plan;
  if (context.json) {
    if (dryRun) context.print(JSON.stringify({ dryRun, from, to, changes, steps: STEPS, afterwards }));
    return;
  }
  const write = dryRun ? context.print : context.log.info;
  const named = ({ image, version }: UpgradePlan["from"]) => (version === undefined ? image : `${image} (${version})`);
  write(`${named(from)} → ${named(to)}`);
  for (const change of changes) write(`  ${change}`);
  for (const [i, step] of STEPS.entries()) write(`${i + 1}. ${step}`);
  if (dryRun) for (const line of afterwards) write(`afterwards: ${line}`);
}

export function printUpgradeResult(context: CliContext, result: UpgradeResult, afterwards: readonly string[]): void {
  if (context.json) {
    context.print(JSON.stringify({ ...result, afterwards }));
    return;
  }
  const { from, to, backup, apps } = result;
  context.print(`${to} runs instead of ${from}`);
  if (apps.length > 0) context.print(`the old DSN of ${apps.join(", ")} was accepted, and events are stored`);
  context.print(`the data from before is in ${backup}; to go back: npx glitchtip-compose rollback`);
  for (const line of afterwards) context.print(`next: ${line}`);
}

/** Carries out `upgrade --check`: exit code 3 where something newer is on this machine. */
export async function checkUpgrade(context: CliContext, docker: Docker, project: Workspace): Promise<void> {
  const found = await checkForUpgrade(docker, project);
  const any = found.newBuild || found.newer.length > 0;
  if (any) context.setExitCode(EXIT.changes);
  if (context.json) return context.print(JSON.stringify(found));
  const runs = `${found.image}${found.version === undefined ? "" : ` (${found.version})`} runs`;
  context.print(any ? runs : `${runs}, and nothing newer is on this machine`);
  if (found.newBuild) context.print("  on this machine its tag names another image: npx glitchtip-compose upgrade");
  for (const image of found.newer) context.print(`  ${image} is here: npx glitchtip-compose upgrade --to ${image}`);
}

/** Carries out `upgrade --cleanup`, which deletes the database volumes that upgrades of Postgres have left. */
export async function cleanUp(context: CliContext, docker: Docker, flags: ConfirmationFlags): Promise<void> {
  const { project, volumes } = await findOldDatabaseVolumes(docker);
  const { dryRun = false } = flags;
  if (!dryRun && volumes.length > 0) {
    const text = `Delete for good, with the databases in them: ${volumes.join(", ")}.`;
    if (!(await agreed(context, flags, { text, name: project }))) return;
    await removeVolumes(docker, volumes);
  }
  if (context.json) return context.print(JSON.stringify({ dryRun, volumes }));
  const verb = dryRun ? "would delete" : "deleted";
  context.print(volumes.length === 0 ? "no volume is left over" : `${verb} ${volumes.join(", ")}`);
}
