import { posix } from "node:path";
import { didYouMean } from "../base/did-you-mean.ts";
import { CodedError } from "../base/errors.ts";
import { silentLog } from "../base/log.ts";
import { bringUpToDate, type WorkspaceContext, type WorkspaceResult } from "./bring-up-to-date.ts";
import type { ImageOptions } from "./images.ts";
import { readManifest } from "./manifest.ts";
import { planParts } from "./plan-parts.ts";
import { readDeclarationText, readWorkspaceWith } from "./read.ts";

export interface RenderOptions extends ImageOptions {
  /** Ejected files that are to be managed again: merged with what we would write now. */
  readonly adopt?: readonly string[];
}

/** Brings the managed files up to date with the declaration and this version. Conflicts are told in the result. */
export async function render(context: WorkspaceContext, options: RenderOptions = {}): Promise<WorkspaceResult> {
  const text = readDeclarationText(context.dir);
  const adopt = managedPaths(context.dir, options.adopt ?? []);
  const project = await readWorkspaceWith(context, text);
  return await bringUpToDate(context, project, { ...options, adopt, stateBy: "declaration", tellConflicts: true });
}

/**
 * After a change of the declaration that no file depends on: the provisioner would otherwise warn of it with each `up`.
 * False where files have to change, which is the user's to say, and where there is no stack in this folder.
 */
export async function noteDeclaration(context: WorkspaceContext): Promise<boolean> {
  if (!planParts(context.dir).files) return false;
  const quiet = { ...context, log: silentLog };
  try {
    const { nothingToChange } = await render(quiet, { dryRun: true });
    if (nothingToChange) await render(quiet);
    return nothingToChange;
  } catch (error) {
    // What stands in the way of the files is for `render` and `doctor` to tell.
    if (error instanceof CodedError) return false;
    throw error;
  }
}

/** As the manifest names them. Throws GC1001 for what is no managed file. */
export function managedPaths(dir: string, named: readonly string[]): string[] {
  const known = Object.keys(readManifest(dir).files);
  const paths = named.map((path) => posix.normalize(path.replaceAll("\\", "/")));
  const unknown = paths.filter((path) => !known.includes(path));
  if (unknown.length === 0) return paths;
  throw new CodedError("GC1001", `no managed file: ${unknown.join(", ")}${didYouMean(unknown[0] ?? "", known)}`, {
    remedy: `There are: ${known.join(", ") || "none yet; npx glitchtip-compose init"}`,
  });
}
