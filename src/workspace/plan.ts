import { existsSync } from "node:fs";
import { join } from "node:path";
import { CodedError } from "../base/errors.ts";
import { silentLog } from "../base/log.ts";
import { parseDeclaration } from "../config/load.ts";
import { type FileState, isForPeople, MOST_EDITS, type PlannedFile } from "./decisions.ts";
import { DECLARATION_FILE, readDeclarationText } from "./declaration-file.ts";
import { WORKSPACE_MANIFEST_FILE } from "./manifest.ts";
import type { Conflict } from "./merge.ts";
import { renderFiles } from "./render.ts";
import type { WorkspaceContext } from "./update.ts";

export interface FilesPlan {
  /** Something would be written, or a file that cannot be merged waits for a person. */
  readonly changes: boolean;
  readonly files: readonly FileDifference[];
}

/** Returns what `render` would do to the files of the workspace; nothing is written, pulled or asked. */
export async function planFiles(context: WorkspaceContext): Promise<FilesPlan> {
  const { files, nothingToChange } = await renderFiles(context, { dryRun: true });
  return { changes: !nothingToChange, files: await differencesOf(files) };
}

/**
 * Writes the new hash of the declaration into the managed files after a change that no other line of them depends on: the
 * provisioner would otherwise warn with each `up`. Returns false, and writes nothing, where other lines have to change,
 * which is for the user to start, and where the folder has no stack.
 */
export async function noteDeclaration(context: WorkspaceContext): Promise<boolean> {
  if (!planParts(context.dir).files) return false;
  const quiet = { ...context, log: silentLog };
  try {
    const { nothingToChange } = await renderFiles(quiet, { dryRun: true });
    if (nothingToChange) await renderFiles(quiet);
    return nothingToChange;
  } catch (error) {
    // `render` and `doctor` report what stands in the way of the files.
    if (error instanceof CodedError) return false;
    throw error;
  }
}

/** One file of a workspace, and what will become of it. */
export interface FileDifference {
  readonly path: string;
  readonly state: FileState;
  /** A unified diff, as `git apply` and `patch -p1` read it. Secrets and bundled programs have none. */
  readonly diff?: string;
  readonly conflicts?: readonly Conflict[];
  readonly broken?: string;
  readonly notNeeded?: true;
}

/** Returns the files with the difference of each. Loads jsdiff only where there is a difference to show. */
export async function differencesOf(files: readonly PlannedFile[]): Promise<FileDifference[]> {
  return await Promise.all(
    files.map(async ({ before, after, ...file }) => {
      const texts = [before, after].filter((text) => text !== undefined);
      if (texts.length === 0 || before === after || !isForPeople(file.path)) return file;
      return { ...file, diff: await diffOf(file.path, before, after) };
    }),
  );
}

const NOTHING = "/dev/null";

async function diffOf(path: string, before: string | undefined, after: string | undefined): Promise<string> {
  const { createTwoFilesPatch, FILE_HEADERS_ONLY } = await import("diff");
  // The lines around ours in .env are the user's, and may be secrets: they are not shown.
  const isEnv = path === ".env";
  const whole = (text: string) => (isEnv && text !== "" && !text.endsWith("\n") ? `${text}\n` : text);
  const patch = createTwoFilesPatch(
    before === undefined ? NOTHING : `a/${path}`,
    after === undefined ? NOTHING : `b/${path}`,
    whole(before ?? ""),
    whole(after ?? ""),
    undefined,
    undefined,
    { context: isEnv ? 0 : 3, headerOptions: FILE_HEADERS_ONLY, maxEditLength: MOST_EDITS },
  );
  return patch ?? `${path}: too much is different to show the changes\n`;
}

/** What there is to plan in a folder. */
export interface PlanParts {
  /** The files of a stack. */
  readonly files: boolean;
  readonly server: boolean;
}

/** Judges by the declaration's top-level keys. Mistakes in it are reported by the commands that load it whole. */
export function planParts(dir: string): PlanParts {
  const declared = topLevelOf(readDeclarationText(dir));
  if (declared === undefined) return { files: true, server: false };
  const { servers, server, apps, production, organization, organizations } = declared;
  const managed = [servers, organization, organizations].some((one) => one !== undefined);
  const external = isMap(server) && server.url !== undefined && server.image === undefined && production === undefined;
  const hasApps = isMap(apps) && Object.keys(apps).length > 0;
  const isStack = servers === undefined && (!external || hasApps || existsSync(join(dir, WORKSPACE_MANIFEST_FILE)));
  return { files: isStack, server: managed || !isStack };
}

function topLevelOf(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value = parseDeclaration(text, DECLARATION_FILE);
    return isMap(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

const isMap = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
