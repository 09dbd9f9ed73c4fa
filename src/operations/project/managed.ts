import { createHash } from "node:crypto";
import { statSync } from "node:fs";
import { join } from "node:path";
import { type FileToWrite, readIfThere } from "../../base/files.ts";
import type { RenderedFile } from "../../stack/model.ts";

const MANIFEST = ".glitchtip/manifest.json";

/** By path: hashes of what we wrote there, the newest first. */
interface ManifestEntry {
  readonly ours: readonly string[];
  /** Hash of a version that was put beside an edited file, as FILE.new. */
  readonly offered?: string;
}
type Manifest = Readonly<Record<string, ManifestEntry>>;

export interface FileChanges {
  readonly created: string[];
  readonly changed: string[];
  readonly unchanged: string[];
  /** Edited by hand, while ours has not changed: left alone. */
  readonly kept: string[];
  /** Edited by hand while ours has changed too: ours is beside it as FILE.new. */
  readonly refused: string[];
}

export interface WritePlan extends FileChanges {
  /** Written in this order, one group after the other: an interruption leaves nothing that the next run misreads. */
  readonly groups: readonly (readonly FileToWrite[])[];
}

const hashOf = (text: string) => createHash("sha256").update(text).digest("hex");

/**
 * What to do with each file. The manifest goes first and accepts both the version on disk and the new one, so that a
 * run that is killed in between does not make its own files look edited.
 */
export function planWrites(dir: string, files: readonly RenderedFile[], toolVersion: string): WritePlan {
  const manifestPath = join(dir, MANIFEST);
  const manifestText = readIfThere(manifestPath);
  const before = readManifest(manifestText);
  const after: Record<string, ManifestEntry> = { ...before };
  const changes: FileChanges = { created: [], changed: [], unchanged: [], kept: [], refused: [] };
  const once: FileToWrite[] = [];
  const managed: FileToWrite[] = [];

  for (const { path, content, mode, kind } of files) {
    const full = join(dir, path);
    const onDisk = readIfThere(full);
    // An empty file is what a power cut leaves of one that was not yet on disk.
    const there = onDisk !== undefined && onDisk !== "";
    if (kind === "once") {
      if (there) changes.unchanged.push(path);
      else once.push({ path: full, content, mode });
      if (!there) changes.created.push(path);
      continue;
    }
    const wanted = hashOf(content);
    const found = there ? hashOf(onDisk) : undefined;
    const { ours = [], offered } = before[path] ?? {};
    if (found === wanted && readableByAll(full)) {
      changes.unchanged.push(path);
      if (ours[0] !== wanted) after[path] = { ours: [wanted] };
    } else if (found === undefined || found === wanted || ours.includes(found)) {
      changes[there ? "changed" : "created"].push(path);
      managed.push({ path: full, content, mode, durable: false });
      after[path] = { ours: found === undefined || found === wanted ? [wanted] : [wanted, found] };
    } else if (ours[0] === wanted || (offered === wanted && readIfThere(`${full}.new`) === undefined)) {
      // Taking FILE.new away says that its changes are in.
      changes.kept.push(path);
      if (ours[0] !== wanted) after[path] = { ours: [wanted] };
    } else {
      changes.refused.push(path);
      if (readIfThere(`${full}.new`) !== content) managed.push({ path: `${full}.new`, content, mode, durable: false });
      after[path] = { ours, offered: wanted };
    }
  }

  const manifest = `${JSON.stringify({ version: 1, tool: toolVersion, files: after }, null, 2)}\n`;
  const manifestChanged = JSON.stringify(after) !== JSON.stringify(before) || manifestText === undefined;
  const first: FileToWrite[] = manifestChanged ? [{ path: manifestPath, content: manifest, mode: 0o644 }] : [];
  return { ...changes, groups: [...once.map((file) => [file]), first, managed] };
}

/** Containers read these files as other users; a clone made under a strict umask would keep them out. */
const readableByAll = (path: string) => (statSync(path).mode & 0o444) === 0o444;

/** A manifest that cannot be read counts as none: then files that differ are taken for edited, and none is lost. */
function readManifest(text: string | undefined): Manifest {
  try {
    return ((JSON.parse(text ?? "{}") as { files?: Manifest }).files ?? {}) as Manifest;
  } catch {
    return {};
  }
}
