import { posix } from "node:path";
import { didYouMean } from "../base/did-you-mean.ts";
import { CodedError } from "../base/errors.ts";
import { bringUpToDate, type ProjectContext, type ProjectResult } from "./project/bring-up-to-date.ts";
import type { ImageOptions } from "./project/images.ts";
import { readManifest } from "./project/manifest.ts";
import { readDeclarationText, readProjectWith } from "./project/read.ts";

export interface RenderOptions extends ImageOptions {
  /** Ejected files that are to be managed again: merged with what we would write now. */
  readonly adopt?: readonly string[];
}

/** Brings the managed files up to date with the declaration and this version. Conflicts are told in the result. */
export async function render(context: ProjectContext, options: RenderOptions = {}): Promise<ProjectResult> {
  const text = readDeclarationText(context.dir);
  const adopt = managedPaths(context.dir, options.adopt ?? []);
  const project = await readProjectWith(context, text);
  return await bringUpToDate(context, project, { ...options, adopt, stateBy: "declaration", tellConflicts: true });
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
