import { readdirSync, rmdirSync, rmSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { defined } from "../base/defined.ts";
import { hasErrno } from "../base/errors.ts";
import { explainWriteError, quietly, readIfThere, removeLeftovers, writeAll } from "../base/files.ts";
import { writeUserFile } from "../base/user-file.ts";
import type { Declaration } from "../config/schema.ts";
import { ENV_FOLDER } from "../stack/managed-files.ts";
import type { RenderedFile } from "../stack/model.ts";
import type { Assets } from "./assets.ts";
import type { PlannedFile } from "./decisions.ts";
import { DECLARATION_FILE } from "./declaration-file.ts";
import { envWith } from "./env-lines.ts";
import { recordEnvEdit } from "./env-record.ts";
import { type ManagedFilesPlan, planManagedFiles } from "./managed-files.ts";
import { OLD_SECRET_FILES, refuseUnreadableSecrets } from "./secrets.ts";
import { readEnvText, renderWorkspace, type Workspace } from "./workspace.ts";

const ENV_FILE = ".env";

export interface WorkspacePlanOptions {
  /** Files that are made once and then belong to the user. */
  readonly once?: readonly RenderedFile[];
  /** The sample app is among them. */
  readonly sample?: boolean;
  /** The declaration's text is a new one: it is written, too. */
  readonly declarationEdited?: boolean;
  /** Managed files that were ejected and become ours again. */
  readonly adopt?: readonly string[];
}

/** What has to be done so that the files of a workspace are as its declaration wants them. */
export interface WorkspacePlan {
  readonly dir: string;
  /** Every file, in the order in which a person is told. */
  readonly files: readonly PlannedFile[];
  readonly warnings: readonly string[];
  readonly managed: ManagedFilesPlan;
  /** New texts of the user's own files. */
  readonly declaration?: string;
  readonly env?: string;
  /** .env held nothing but what we wrote, and is no longer needed. */
  readonly removesEnv: boolean;
  /** Env files with the DSN of an app that no longer reads it from there. */
  readonly oldEnvFiles: readonly string[];
}

/** Reads, compares and merges; writes nothing. Throws where the files cannot be made. */
export async function planWorkspace(
  workspace: Workspace,
  assets: Assets,
  shell: Readonly<Record<string, string | undefined>>,
  { once = [], sample = false, declarationEdited = false, adopt = [] }: WorkspacePlanOptions,
): Promise<WorkspacePlan> {
  const { dir, declaration, declarationText } = workspace;
  const stack = renderWorkspace(workspace, assets);
  const managed = await planManagedFiles(dir, [...once, ...stack.files], assets.version, {
    adopt,
    instance: workspace.instance,
  });
  refuseUnreadableSecrets(dir, declaration, { ...workspace.env, ...shell });
  const envText = readEnvText(dir);
  const newEnvText = envWith(envText, workspace, sample);
  const oldEnvFiles = envFilesIn(dir).filter((path) => !envFilesOf(declaration).includes(path));
  const files: PlannedFile[] = [
    ...(declarationEdited ? plannedDeclaration(dir, declarationText) : []),
    ...managed.files,
    ...plannedEnv(envText, newEnvText),
    ...oldEnvFiles.map((path) => ({ path, state: "removed" }) as const),
  ];
  return {
    dir,
    files,
    warnings: [...stack.warnings, ...managed.files.flatMap(warningOf)],
    managed,
    ...(declarationEdited && { declaration: declarationText }),
    ...(newEnvText !== envText && defined({ env: newEnvText })),
    removesEnv: newEnvText === undefined,
    oldEnvFiles,
  };
}

function plannedDeclaration(dir: string, after: string): PlannedFile[] {
  const before = readIfThere(join(dir, DECLARATION_FILE));
  return before === undefined ? [] : [{ path: DECLARATION_FILE, state: "changed", before, after }];
}

function plannedEnv(before: string, after: string | undefined): PlannedFile[] {
  if (after === undefined) return [{ path: ENV_FILE, state: "removed", before }];
  if (after === before) return before === "" ? [] : [{ path: ENV_FILE, state: "same" }];
  if (before === "") return [{ path: ENV_FILE, state: "new", after }];
  return [{ path: ENV_FILE, state: "changed", before, after }];
}

/** Returns true where applying the plan would change a file. */
export const changesSomething = ({ files }: Pick<WorkspacePlan, "files">): boolean =>
  files.some(({ state }) => state !== "same" && state !== "kept" && state !== "ejected");

function warningOf({ path, state, after, notNeeded }: PlannedFile): string[] {
  if (notNeeded) return [`${path} is no longer needed; it was edited by hand, so it stays until you remove it`];
  if (state === "kept") return [`${path} was edited by hand; it stays as it is`];
  if (state !== "ejected" || after === undefined) return [];
  return [
    `${path} is yours since eject, and our text for it has changed: npx glitchtip-compose render --adopt ${path} merges the change`,
  ];
}

/** Writes what the plan says. When it is killed at any moment, the same command goes on from there. */
export function applyWorkspacePlan(plan: WorkspacePlan): void {
  const { dir, managed, declaration, env, removesEnv, oldEnvFiles } = plan;
  const groups = [managed.manifest, managed.once, ...managed.groups, managed.removals, managed.last];
  if (!changesSomething(plan) && groups.every((group) => group.length === 0)) return;
  clearLeftovers(plan);
  if (declaration !== undefined) writeUserFile(join(dir, DECLARATION_FILE), declaration);
  writeAll(managed.manifest);
  for (const { path, content } of managed.once) writeUserFile(path, content);
  for (const group of managed.groups) writeAll(group);
  if (env !== undefined || removesEnv) recordEnvEdit(dir, readEnvText(dir), env ?? "");
  if (env !== undefined) writeUserFile(join(dir, ENV_FILE), env);
  if (removesEnv) removeFile(join(dir, ENV_FILE), dir);
  for (const path of [...managed.removals, ...oldEnvFiles.map((file) => join(dir, file))]) removeFile(path, dir);
  writeAll(managed.last);
}

/** Removes what killed writers left; in the user's folder only beside files that we write there. */
function clearLeftovers({ dir, managed }: WorkspacePlan): void {
  const ours = [...managed.files.map(({ path }) => path), DECLARATION_FILE, ENV_FILE, ...OLD_SECRET_FILES];
  const folders = [...new Set([...ours.map((path) => dirname(path)), ".glitchtip"])];
  for (const folder of folders) {
    const beside = ours.filter((path) => dirname(path) === folder).map((path) => basename(path));
    const which = folder.startsWith(".glitchtip") ? undefined : beside;
    removeLeftovers(join(dir, folder), { alone: false, ...defined({ beside: which }) });
  }
}

/** Removes a file, and its folder where the file was the last one in it. */
function removeFile(path: string, dir: string): void {
  try {
    rmSync(path, { force: true });
  } catch (error) {
    throw explainWriteError(error, path);
  }
  if (dirname(path) !== dir) quietly(() => rmdirSync(dirname(path)));
}

const envFilesOf = ({ apps }: Declaration): string[] =>
  Object.keys(apps)
    .filter((name) => {
      const { inject, dsn } = apps[name] ?? {};
      return inject === "env-file" || inject === "provider" || dsn !== undefined;
    })
    .map((name) => `${ENV_FOLDER}/${name}.env`);

function envFilesIn(dir: string): string[] {
  try {
    return readdirSync(join(dir, ENV_FOLDER))
      .filter((name) => name.endsWith(".env"))
      .map((name) => `${ENV_FOLDER}/${name}`);
  } catch (error) {
    if (hasErrno(error, "ENOENT", "ENOTDIR")) return [];
    throw explainWriteError(error, join(dir, ENV_FOLDER));
  }
}
