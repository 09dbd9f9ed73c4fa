import { defined } from "../../base/defined.ts";
import type { Docker } from "../../docker/index.ts";
import { compareVersions, versionOfImage, wayBetween } from "../../glitchtip/upgrade-way.ts";
import type { Workspace } from "../../workspace/index.ts";
import { observeForUpgrade } from "./observe.ts";
import { currentImage, planUpgrade } from "./plan.ts";

export interface UpgradeCheck {
  readonly image: string;
  readonly version?: string;
  /** The declared tag now names another image than the one that runs. */
  readonly newBuild: boolean;
  /** Images on this machine that one upgrade leads to, newest first. */
  readonly newer: readonly string[];
}

/** Looks for newer images on this machine. Asks no registry and changes nothing. */
export async function checkForUpgrade(docker: Docker, workspace: Workspace): Promise<UpgradeCheck> {
  const plan = planUpgrade(await observeForUpgrade(docker, workspace, {}), {});
  const { imagesBeside } = await import("../../docker/images.ts");
  const { address } = await docker.located();
  const image = currentImage(workspace).replace(/@.*$/, "");
  return defined({
    image,
    version: plan.from.version,
    newBuild: !plan.nothingToDo,
    newer: newerImages(image, await imagesBeside(address, image)),
  });
}

/** Returns the images among `others` that one upgrade leads to. Pure. */
export function newerImages(image: string, others: readonly string[]): string[] {
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
