import { resolve } from "node:path";
import { CodedError } from "../../base/errors.ts";
import type { Log } from "../../base/log.ts";
import type { Clock } from "../../base/wait.ts";
import { resolveServer } from "../../config/server.ts";
import type { Docker } from "../../docker/index.ts";
import type { Project } from "../project/project.ts";
import type { BackupContext } from "./create.ts";
import { stackSources } from "./stack-sources.ts";

export interface StackContext {
  readonly docker: Docker;
  readonly project: Project;
  readonly toolVersion: string;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly log: Log;
}

/** Relative to the project; `given` relative to where the command runs, which is the same. */
export const backupFolder = ({ dir, declaration }: Project, given?: string): string =>
  resolve(dir, given ?? declaration.backup?.folder ?? "backups");

/** What `createBackup` needs, for a stack of this machine's engine. */
export function stackBackups(context: StackContext, folder = backupFolder(context.project)): BackupContext {
  if (resolveServer(context.project.declaration.server).server === undefined) {
    throw new CodedError("GC1804", "this project's server is not part of the stack, so its data is not here to copy", {
      remedy: "Back it up where it runs.",
    });
  }
  return { ...context, sources: stackSources(context), folder };
}
