import { CodedError } from "../../base/errors.ts";
import { versionOfImage } from "../../glitchtip/upgrade-way.ts";
import { observeStack } from "../../running/index.ts";
import { type Workspace, workspaceDocker } from "../../workspace/index.ts";
import { restoreProgress } from "../restore/progress.ts";
import { restoreUnderWay } from "../restore/restore.ts";
import type { UpgradeContext } from "./context.ts";
import { observeForUpgrade } from "./observe.ts";
import { currentImage, planUpgrade, targetImage, type UpgradePlan, type WantedUpgrade } from "./plan.ts";
import { currentPostgres, targetPostgres } from "./postgres.ts";
import { newUpgrade, type UpgradeProgress } from "./progress.ts";
import { checkSettings } from "./settings.ts";
import { executeUpgrade, type UpgradeResult } from "./steps.ts";

/**
 * Returns the images that the upgrade needs. Throws GC1808 where their tags alone rule it out, and GC1805 during a
 * restore.
 */
export async function imagesToPull(
  { docker, dir }: UpgradeContext,
  workspace: Workspace,
  wanted: WantedUpgrade,
): Promise<string[]> {
  refuseDuringRestore(dir);
  const target = targetImage(currentImage(workspace), wanted.to);
  if (versionOfImage(target) !== undefined) planUpgrade(await observeForUpgrade(docker, workspace, wanted), wanted);
  // An upgrade of Postgres alone keeps GlitchTip's image.
  const glitchtip = wanted.to === undefined && wanted.postgres !== undefined ? [] : [target];
  const postgres = wanted.postgres === undefined ? [] : [targetPostgres(currentPostgres(workspace), wanted.postgres)];
  return [...glitchtip, ...postgres];
}

/** Plans an upgrade and checks that its settings can be written. Changes nothing. */
export async function prepareUpgrade(
  context: UpgradeContext,
  workspace: Workspace,
  wanted: WantedUpgrade,
): Promise<UpgradePlan> {
  refuseDuringRestore(context.dir);
  const plan = planUpgrade(await observeForUpgrade(context.docker, workspace, wanted), wanted);
  await checkSettings({ ...context, docker: workspaceDocker(context) }, plan.settings);
  return plan;
}

function refuseDuringRestore(dir: string): void {
  const restore = restoreProgress.read(dir);
  if (restore !== undefined) throw restoreUnderWay(restore);
}

/** Executes an upgrade from its beginning. */
export async function startUpgrade(context: UpgradeContext, plan: UpgradePlan): Promise<UpgradeResult> {
  const { containers } = await observeStack(context.docker);
  const running = containers.filter(({ state }) => state === "running").map(({ service }) => service);
  const progress = newUpgrade({
    from: plan.from.image,
    to: plan.to.image,
    settings: plan.settings,
    running: [...new Set(running)],
    ...(plan.postgres && { postgres: plan.postgres }),
  });
  return await executeUpgrade(context, progress);
}

/** Throws GC1809 where anything else than this unfinished upgrade is wanted, or where it is being rolled back. */
export function requireSameUpgrade(
  { from, to, undoing }: UpgradeProgress,
  { to: wanted, cleanup = false }: { readonly to?: string; readonly cleanup?: boolean },
): void {
  const isOther = cleanup || (wanted !== undefined && targetImage(from, wanted) !== to);
  if (!undoing && !isOther) return;
  throw new CodedError("GC1809", `an upgrade to ${to} is ${undoing ? "being undone" : "under way"}`, {
    remedy: undoing
      ? "npx glitchtip-compose rollback ends that."
      : `Go on with: npx glitchtip-compose upgrade --to ${to}. Or go back: npx glitchtip-compose rollback`,
  });
}
