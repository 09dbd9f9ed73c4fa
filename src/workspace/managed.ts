import { join } from "node:path";
import type { FileToWrite } from "../base/files.ts";
import type { RenderedFile } from "../stack/model.ts";
import { type Decision, managed, onceOnly, type PlannedFile, type UserFileToWrite, unneeded } from "./decide.ts";
import { basePath, MANIFEST, type ManifestEntry, manifestText, readManifest } from "./manifest.ts";

export interface WritePlan {
  readonly files: PlannedFile[];
  /** Files that are made once and then belong to the user. Written first, one after the other. */
  readonly once: readonly UserFileToWrite[];
  /** Written in this order, one group after the other: an interruption leaves nothing that the next run misreads. */
  readonly groups: readonly (readonly FileToWrite[])[];
  /** Taken away after that. */
  readonly removals: readonly string[];
  /** Written when they are gone. */
  readonly last: readonly FileToWrite[];
}

/**
 * What to do with each file. The manifest goes first and accepts both the version on disk and the new one; what merges
 * start from goes last. So a run that is killed in between does not make its own files look edited, and the next one
 * merges the same again.
 */
export async function planWrites(
  dir: string,
  files: readonly RenderedFile[],
  toolVersion: string,
  adopt: readonly string[] = [],
): Promise<WritePlan> {
  const { files: known, there } = readManifest(dir);
  const once = files.filter(({ kind }) => kind === "once").map((file) => onceOnly(dir, file));
  const decisions: Decision[] = [];
  const wanted = new Set<string>();
  for (const file of files.filter(({ kind }) => kind === "managed")) {
    wanted.add(file.path);
    const { ejected, ...entry } = known[file.path] ?? { ours: [] };
    const stays = ejected !== undefined && !adopt.includes(file.path);
    decisions.push(await managed(dir, file, stays ? { ...entry, ejected } : entry));
  }
  const dropped = Object.entries(known)
    .filter(([path]) => !wanted.has(path))
    .map(([path, entry]) => unneeded(dir, path, entry));

  const entries = Object.fromEntries(
    [...decisions, ...dropped].flatMap(({ file, entry }) => (entry === undefined ? [] : [[file.path, entry] as const])),
  );
  // What is going to be taken away stays known until it is gone.
  const going = Object.fromEntries(
    dropped.flatMap(({ file: { path, state } }) => {
      const entry = known[path];
      return state === "removed" && entry !== undefined ? [[path, entry] as const] : [];
    }),
  );
  const manifest = (after: Readonly<Record<string, ManifestEntry>>): FileToWrite[] =>
    there && JSON.stringify(after) === JSON.stringify(known)
      ? []
      : [{ path: join(dir, MANIFEST), content: manifestText(toolVersion, after), mode: 0o644 }];

  return {
    files: [...once, ...decisions, ...dropped.filter(({ file }) => file.state !== "same")].map(({ file }) => file),
    once: once.flatMap(({ create = [] }) => create),
    groups: [
      manifest({ ...entries, ...going }),
      decisions.flatMap(({ write }) => write ?? []),
      decisions.flatMap((decision) => baseOfNext(dir, decision)),
    ],
    removals: [...decisions, ...dropped].flatMap(({ removals = [] }) => removals),
    last: Object.keys(going).length === 0 ? [] : manifest(entries),
  };
}

function baseOfNext(dir: string, { file, base }: Decision): FileToWrite[] {
  const path = join(dir, basePath(file.path));
  return base === undefined ? [] : [{ path, content: base, mode: 0o644, durable: false }];
}
