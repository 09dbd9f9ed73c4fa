import type { randomBytes } from "node:crypto";
import { readdirSync, rmdirSync, rmSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { hasErrno } from "../base/errors.ts";
import { explainWriteError, quietly, readIfThere, removeLeftovers, writeAll } from "../base/files.ts";
import { writeUserFile } from "../base/user-file.ts";
import type { Declaration } from "../config/schema.ts";
import { ENV_FOLDER } from "../stack/apps.ts";
import type { RenderedFile } from "../stack/model.ts";
import type { Assets } from "./assets.ts";
import type { PlannedFile } from "./decide.ts";
import { envWith } from "./env-lines.ts";
import { planWrites, type WritePlan } from "./managed.ts";
import { isByLink, linkState, makeLink } from "./override-link.ts";
import { makeSecrets, missingSecrets, SECRET_FILES } from "./secrets.ts";
import { DECLARATION_FILE, readEnvText, renderWorkspace, type Workspace } from "./workspace.ts";

const ENV_FILE = ".env";

export interface Planning {
  /** Files that are made once and then the user's. */
  readonly once?: readonly RenderedFile[];
  /** The sample app is part of it. */
  readonly sample?: boolean;
  /** The declaration's text is a new one: it is written, too. */
  readonly declarationEdited?: boolean;
  /** Managed files that were ejected and become ours again. */
  readonly adopt?: readonly string[];
}

/** What has to be done so that a project's files are as its declaration wants them. */
export interface ProjectPlan {
  readonly dir: string;
  /** Every file of the project, in the order in which a person is told. */
  readonly files: readonly PlannedFile[];
  readonly warnings: readonly string[];
  readonly writes: WritePlan;
  /** New texts of the user's own files. */
  readonly declaration?: string;
  readonly env?: string;
  /** Compose finds our file by a link, not by COMPOSE_FILE. */
  readonly byLink: boolean;
  readonly secrets: readonly string[];
  /** Env files that hold the DSN of an app that takes it no longer from there. */
  readonly oldEnvFiles: readonly string[];
}

/** Reads, compares and merges; writes nothing. Throws where the project cannot be made. */
export async function planWorkspace(
  project: Workspace,
  assets: Assets,
  shell: Readonly<Record<string, string | undefined>>,
  { once = [], sample = false, declarationEdited = false, adopt = [] }: Planning,
): Promise<ProjectPlan> {
  const { dir, declaration, declarationText } = project;
  const envText = readEnvText(dir);
  const stack = renderWorkspace(project, assets);
  const writes = await planWrites(dir, [...once, ...stack.files], assets.version, adopt);
  const secrets = missingSecrets(dir, declaration, { ...project.env, ...shell });
  const byLink = isByLink(project);
  const newEnvText = byLink ? envText : envWith(envText, project, sample);
  const oldEnvFiles = envFilesIn(dir).filter((path) => !envFilesOf(declaration).includes(path));
  const before = declarationEdited ? readIfThere(join(dir, DECLARATION_FILE)) : undefined;
  const files: PlannedFile[] = [
    ...(before === undefined
      ? []
      : [{ path: DECLARATION_FILE, state: "changed", before, after: declarationText } as const]),
    ...writes.files,
    newEnvText === envText
      ? { path: ENV_FILE, state: "same" }
      : {
          path: ENV_FILE,
          state: envText === "" ? "new" : "changed",
          ...(envText === "" ? {} : { before: envText }),
          after: newEnvText,
        },
    ...(byLink ? [linkState(dir)] : []),
    ...secrets.map((path) => ({ path, state: "new" }) as const),
    ...oldEnvFiles.map((path) => ({ path, state: "removed" }) as const),
  ];
  return {
    dir,
    files,
    warnings: [...stack.warnings, ...writes.files.flatMap(warningOf)],
    writes,
    ...(declarationEdited ? { declaration: declarationText } : {}),
    ...(newEnvText === envText ? {} : { env: newEnvText }),
    byLink,
    secrets,
    oldEnvFiles,
  };
}

/** Whether carrying it out would change a file. */
export const changesSomething = ({ files }: Pick<ProjectPlan, "files">): boolean =>
  files.some(({ state }) => state !== "same" && state !== "kept" && state !== "ejected");

function warningOf({ path, state, after, notNeeded }: PlannedFile): string[] {
  if (notNeeded) return [`${path} is no longer needed; it was edited by hand, so it stays until you remove it`];
  if (state === "kept") return [`${path} was edited by hand; it stays as it is`];
  if (state !== "ejected" || after === undefined) return [];
  return [`${path} is yours since eject, and what we would write there has changed: render --adopt ${path} merges it`];
}

/** Writes it. Killed at any moment, the same command goes on from there. */
export function carryOut(plan: ProjectPlan, random: typeof randomBytes): void {
  const { dir, writes, declaration, env, secrets, oldEnvFiles } = plan;
  if (!changesSomething(plan) && [writes.once, ...writes.groups, writes.last].every((group) => group.length === 0)) {
    if (writes.removals.length === 0) return;
  }
  clearLeftovers(plan);
  if (declaration !== undefined) writeUserFile(join(dir, DECLARATION_FILE), declaration);
  for (const { path, content } of writes.once) writeUserFile(path, content);
  for (const group of writes.groups) writeAll(group);
  if (env !== undefined) writeUserFile(join(dir, ENV_FILE), env);
  if (plan.byLink) makeLink(dir);
  makeSecrets(dir, secrets, random);
  for (const path of [...writes.removals, ...oldEnvFiles.map((file) => join(dir, file))]) take(path, dir);
  writeAll(writes.last);
}

/** What writers left that were killed; in the user's folder only beside files that we write there. */
function clearLeftovers({ dir, writes }: ProjectPlan): void {
  const ours = [...writes.files.map(({ path }) => path), DECLARATION_FILE, ENV_FILE, ...SECRET_FILES];
  const folders = [...new Set([...ours.map((path) => dirname(path)), ".glitchtip", ".glitchtip/base"])];
  for (const folder of folders) {
    const beside = ours.filter((path) => dirname(path) === folder).map((path) => basename(path));
    removeLeftovers(join(dir, folder), { alone: false, ...(folder.startsWith(".glitchtip") ? {} : { beside }) });
  }
}

/** Takes a file away, and its folder where that was the last one. */
function take(path: string, dir: string): void {
  try {
    rmSync(path, { force: true });
  } catch (error) {
    throw explainWriteError(error, path);
  }
  if (dirname(path) !== dir) quietly(() => rmdirSync(dirname(path)));
}

const envFilesOf = ({ apps }: Declaration): string[] =>
  Object.keys(apps)
    .filter((name) => apps[name]?.inject === "env-file" || apps[name]?.dsn !== undefined)
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
