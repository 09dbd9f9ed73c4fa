import { join } from "node:path";
import { CodedError } from "../base/errors.ts";
import { writeAll } from "../base/files.ts";
import { readUserText, writeUserFile } from "../base/user-file.ts";
import { asEjected } from "../stack/header.ts";
import { packageAssets } from "./assets.ts";
import type { WorkspaceContext } from "./bring-up-to-date.ts";
import { MANIFEST, manifestText, readManifest } from "./manifest.ts";
import { readDeclarationText } from "./read.ts";
import { managedPaths } from "./render.ts";

export interface EjectResult {
  /** The user's own from now on. */
  readonly ejected: readonly string[];
  /** They were before. */
  readonly already: readonly string[];
  readonly dryRun: boolean;
}

/** Managed files become the user's own: never written again, until `render --adopt`. No name means all of them. */
export function eject(
  { dir, assets = packageAssets() }: Pick<WorkspaceContext, "dir" | "assets">,
  named: readonly string[],
  { dryRun = false }: { readonly dryRun?: boolean } = {},
): EjectResult {
  readDeclarationText(dir);
  const { files } = readManifest(dir);
  const paths = named.length === 0 ? Object.keys(files) : managedPaths(dir, named);
  const texts = paths.map((path) => [path, readUserText(join(dir, path))] as const);
  const missing = texts.filter(([, text]) => text === undefined).map(([path]) => path);
  if (missing.length > 0) {
    throw new CodedError("GC1001", `not there: ${missing.join(", ")}`, {
      remedy: "npx glitchtip-compose render makes them again; then run it again.",
    });
  }
  const already = paths.filter((path) => files[path]?.ejected);
  const ejected = paths.filter((path) => !files[path]?.ejected);
  if (!dryRun && ejected.length > 0) {
    // The manifest last: a file that is not yet said to be the user's gets its old header back from the next render.
    for (const [path, text = ""] of texts) if (ejected.includes(path)) writeUserFile(join(dir, path), asEjected(text));
    const entries = Object.entries(files).map(
      ([path, entry]) => [path, ejected.includes(path) ? { ...entry, ejected: true as const } : entry] as const,
    );
    const content = manifestText(assets.version, Object.fromEntries(entries));
    writeAll([{ path: join(dir, MANIFEST), content, mode: 0o644 }]);
  }
  return { ejected, already, dryRun };
}
