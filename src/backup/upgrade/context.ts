import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { observeStack } from "../../running/index.ts";
import { readWorkspace } from "../../workspace/index.ts";
import { lockBackups } from "../create.ts";
import { StackServices } from "../stack-services.ts";
import type { StackContext } from "../stack-sources.ts";
import type { UpgradeProgress } from "./progress.ts";

/** The context of a backup without the workspace, which an upgrade changes on its way. */
export interface UpgradeContext extends Omit<StackContext, "workspace"> {
  readonly dir: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** Locks the workspace against every other upgrade and rollback. */
export async function lockUpgrades(context: UpgradeContext): Promise<AsyncDisposable> {
  const folder = join(context.dir, ".glitchtip", "state");
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  return await lockBackups({ ...context, folder }, "upgrade");
}

/** Reads the workspace as it is now. */
export const stackContext = (context: UpgradeContext): StackContext => ({
  ...context,
  workspace: readWorkspace(context.dir, context.env),
});

/** Starts the services that ran before and still exist. Only warns of a service that does not start. */
export async function startRest(context: UpgradeContext, { running }: UpgradeProgress): Promise<void> {
  const services = await StackServices.open(context);
  const { config } = await observeStack(context.docker);
  const wanted = running.filter((name) => config.services[name] !== undefined);
  if (wanted.length > 0) await services.startOrWarn(wanted);
}
