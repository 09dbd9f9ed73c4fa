import { join, posix } from "node:path";
import { defined } from "../base/defined.ts";
import { didYouMean } from "../base/did-you-mean.ts";
import { CodedError } from "../base/errors.ts";
import { writeAll } from "../base/files.ts";
import { readUserText, writeUserFile } from "../base/user-file.ts";
import { asEjected } from "../stack/managed-files.ts";
import { packageAssets } from "./assets.ts";
import { readDeclarationText } from "./declaration-file.ts";
import type { ImageOptions } from "./images.ts";
import { manifestText, readManifest, WORKSPACE_MANIFEST_FILE } from "./manifest.ts";
import { updateWorkspace, type WorkspaceContext, type WorkspaceResult } from "./update.ts";
import { readWorkspaceWith } from "./workspace.ts";

export interface RenderOptions extends ImageOptions {
  /** Ejected files that are to be managed again: they are merged with what we would write now. */
  readonly adopt?: readonly string[];
}

/** Brings the managed files up to date with the declaration and this version. Conflicts are reported in the result. */
export async function renderFiles(context: WorkspaceContext, options: RenderOptions = {}): Promise<WorkspaceResult> {
  const text = readDeclarationText(context.dir);
  const adopt = managedPaths(context.dir, options.adopt ?? []);
  const workspace = await readWorkspaceWith(context, text);
  return await updateWorkspace(context, workspace, { ...options, adopt, stateBy: "declaration", tellConflicts: true });
}

/** Returns the paths as the manifest names them. Throws GC1001 for a path that is no managed file. */
function managedPaths(dir: string, named: readonly string[]): string[] {
  const known = Object.keys(readManifest(dir).files);
  const paths = named.map((path) => posix.normalize(path.replaceAll("\\", "/")));
  const unknown = paths.filter((path) => !known.includes(path));
  if (unknown.length === 0) return paths;
  throw new CodedError("GC1001", `no managed file: ${unknown.join(", ")}${didYouMean(unknown[0] ?? "", known)}`, {
    remedy: `Managed files: ${known.join(", ") || "none yet; npx glitchtip-compose init"}`,
  });
}

export interface EjectResult {
  /** The user's own from now on. */
  readonly ejected: readonly string[];
  /** The user's own before. */
  readonly already: readonly string[];
  readonly dryRun: boolean;
}

/** Hands managed files over to the user: they are never written again, until `render --adopt`. No name means all of them. */
export function ejectFiles(
  { dir, assets = packageAssets() }: Pick<WorkspaceContext, "dir" | "assets">,
  named: readonly string[],
  { dryRun = false }: { readonly dryRun?: boolean } = {},
): EjectResult {
  readDeclarationText(dir);
  const { files, instance, made } = readManifest(dir);
  const paths = named.length === 0 ? Object.keys(files) : managedPaths(dir, named);
  const texts = paths.map((path) => ({ path, text: readUserText(join(dir, path)) }));
  const missing = texts.filter(({ text }) => text === undefined).map(({ path }) => path);
  if (missing.length > 0) {
    throw new CodedError("GC1001", `managed files are missing: ${missing.join(", ")}`, {
      remedy: "npx glitchtip-compose render creates them again; then run eject again.",
    });
  }
  const already = paths.filter((path) => files[path]?.ejected);
  const ejected = paths.filter((path) => !files[path]?.ejected);
  if (!dryRun && ejected.length > 0) {
    // The manifest last: a file that it does not yet name as the user's gets its old header back from the next render.
    for (const { path, text = "" } of texts) {
      if (ejected.includes(path)) writeUserFile(join(dir, path), asEjected(text));
    }
    const entries = Object.entries(files).map(
      ([path, entry]) => [path, ejected.includes(path) ? { ...entry, ejected: true as const } : entry] as const,
    );
    const content = manifestText(assets.version, {
      ...defined({ instance, made }),
      files: Object.fromEntries(entries),
    });
    writeAll([{ path: join(dir, WORKSPACE_MANIFEST_FILE), content, mode: 0o644 }]);
  }
  return { ejected, already, dryRun };
}
