import { resolve } from "node:path";
import { CodedError } from "../base/errors.ts";
import { readIfThere } from "../base/files.ts";
import type { Log } from "../base/log.ts";
import { Secret } from "../base/secret.ts";
import type { Clock } from "../base/wait.ts";
import { parsePasswordRef } from "../config/password-ref.ts";
import { resolveServer } from "../config/server.ts";
import type { Docker } from "../docker/index.ts";
import type { Workspace } from "../workspace/index.ts";
import type { BackupContext } from "./create.ts";
import { stackSources } from "./stack-sources.ts";
import { type BackupTarget, openTarget } from "./target.ts";

export interface StackContext {
  readonly docker: Docker;
  readonly project: Workspace;
  readonly toolVersion: string;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly log: Log;
}

/** The declared target, its keys read from where they are; undefined where none is declared. */
export function declaredTarget({ project, ...context }: TargetContext): BackupTarget | undefined {
  const s3 = project.declaration.backup?.target?.s3;
  if (s3 === undefined) return undefined;
  const key = (name: "accessKey" | "secretKey") => {
    const reference = parsePasswordRef(s3[name]);
    const { kind } = reference;
    // Compose fills such a variable in from .env as well.
    const env = { ...project.env, ...context.env };
    const found = kind === "env" ? env[reference.name] : readIfThere(resolve(project.dir, reference.path));
    if (found?.trim()) return new Secret(found.trim());
    throw new CodedError("GC1107", `backup.target.s3.${name}: ${s3[name]} holds nothing`, {
      remedy: kind === "env" ? `Set ${reference.name}.` : `Write it into ${reference.path}.`,
    });
  };
  return openTarget({ ...s3, accessKey: key("accessKey"), secretKey: key("secretKey") }, context);
}

export interface TargetContext {
  readonly project: Workspace;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** Relative to the project; `given` relative to where the command runs, which is the same. */
export const backupFolder = ({ dir, declaration }: Workspace, given?: string): string =>
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
