import type { Docker } from "../../docker/index.ts";
import { compareVersions, versionOfImage, wayBetween } from "../../glitchtip/upgrade-way.ts";
import type { Workspace } from "../../workspace/index.ts";
import { lookAtStack } from "./look.ts";
import { currentImage, planUpgrade } from "./plan.ts";

export interface UpgradeCheck {
  readonly image: string;
  readonly version?: string;
  /** The declared tag stands for another image than the one that runs. */
  readonly newBuild: boolean;
  /** Images of this machine to which one step leads, newest first. */
  readonly newer: readonly string[];
}

/** What could be upgraded to with what this machine has; asks nobody else, and changes nothing. */
export async function checkForUpgrade(docker: Docker, project: Workspace): Promise<UpgradeCheck> {
  const situation = await lookAtStack(docker, project, {});
  const plan = planUpgrade(situation, {});
  const { imagesBeside } = await import("../../docker/images.ts");
  const { address } = await docker.located();
  const image = currentImage(project).replace(/@.*$/, "");
  return {
    image,
    ...(plan.from.version === undefined ? {} : { version: plan.from.version }),
    newBuild: !plan.nothingToDo,
    newer: newerThan(image, await imagesBeside(address, image)),
  };
}

/** Among these, those that one step leads to. Pure. */
export function newerThan(image: string, others: readonly string[]): string[] {
  const from = versionOfImage(image);
  if (from === undefined) return [];
  return others
    .flatMap((other) => {
      const to = versionOfImage(other);
      const leads = to !== undefined && compareVersions(to, from) > 0 && wayBetween(from, to).possible;
      return leads ? [{ other, to }] : [];
    })
    .sort((a, b) => compareVersions(b.to, a.to))
    .map(({ other }) => other);
}
