import type { UpgradePlan, UpgradeResult } from "../backup/index.ts";
import type { CliContext } from "./context.ts";

/** What runs is what is wanted. */
export function showNothingToDo(context: CliContext, { to }: UpgradePlan): void {
  context.print(
    context.json ? JSON.stringify({ nothingToDo: true, image: to.image }) : `${to.image} runs: nothing to do`,
  );
}

const STEPS = [
  "what writes is stopped, and the worker lets go of nothing that was accepted",
  "a backup, tried by a restore",
  "glitchtip.yaml, .env and the managed files name the new image",
  "the database is migrated, once",
  "the new server starts; each app's DSN is accepted, and an event of each project is read back",
  "what ran before runs again; if a step fails: the old image, and the backup's data",
];

/** What changes and what will be done; data where nothing else follows. */
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

export function printResult(context: CliContext, result: UpgradeResult, afterwards: readonly string[]): void {
  if (context.json) {
    context.print(JSON.stringify({ ...result, afterwards }));
    return;
  }
  const { from, to, backup, apps } = result;
  context.print(`${to} runs instead of ${from}`);
  if (apps.length > 0) context.print(`the old DSN of ${apps.join(", ")} was accepted, and events are stored`);
  context.print(`what was there is in ${backup}; to go back: glitchtip-compose rollback`);
  for (const line of afterwards) context.print(`next: ${line}`);
}
