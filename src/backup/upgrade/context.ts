import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { CodedError } from "../../base/errors.ts";
import { observeStack } from "../../running/index.ts";
import { readWorkspace } from "../../workspace/index.ts";
import { lockBackups } from "../create.ts";
import type { StackContext } from "../open.ts";
import { openServices } from "../restore/services.ts";
import type { Progress } from "./progress.ts";

export interface UpgradeContext extends Omit<StackContext, "project"> {
  readonly dir: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** One at a time: an upgrade, or its way back. */
export async function lockUpgrades(context: UpgradeContext): Promise<AsyncDisposable> {
  const folder = join(context.dir, ".glitchtip", "state");
  mkdirSync(folder, { recursive: true });
  return await lockBackups({ ...context, folder }, "upgrade");
}

/** The stack as the declaration wants it now. */
export const stackContext = (context: UpgradeContext): StackContext => ({
  ...context,
  project: readWorkspace(context.dir, context.env),
});

/** What ran before and still is a service; an app that does not come up is told, and no reason to go back. */
export async function startRest(context: UpgradeContext, { running }: Progress): Promise<void> {
  const { docker, log, signal } = context;
  const services = await openServices(stackContext(context));
  const { config } = await observeStack(docker);
  const wanted = running.filter((name) => config.services[name] !== undefined);
  if (wanted.length === 0) return;
  await services.startRest(wanted).catch((error: unknown) => {
    signal.throwIfAborted();
    if (!(error instanceof CodedError)) throw error;
    log.warn(`not everything runs: ${error.message}; see docker compose ps`);
  });
}
