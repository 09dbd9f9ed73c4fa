import { statSync } from "node:fs";
import { join } from "node:path";
import { type FileToWrite, readIfThere } from "../base/files.ts";
import { asManaged } from "../stack/header.ts";
import type { RenderedFile } from "../stack/model.ts";
import { baseOf, basePath, hashOf, type ManifestEntry } from "./manifest.ts";
import type { Conflict, Merged } from "./merge.ts";

/**
 * `kept`: edited by hand, and nothing of ours to bring in. `conflict`: ours is put beside it as FILE.new.
 * `ejected`: the user's own since `eject`.
 */
export type FileState = "new" | "changed" | "merged" | "conflict" | "removed" | "kept" | "ejected" | "same";

export interface PlannedFile {
  readonly path: string;
  readonly state: FileState;
  /** Where there is a difference: as it is, and as it is wanted. For an ejected one: as we wrote it, and would now. */
  readonly before?: string;
  readonly after?: string;
  readonly conflicts?: readonly Conflict[];
  /** Why lines that fit together cannot be written: the file would be broken. */
  readonly broken?: string;
  /** No longer part of the project, and kept because it was edited. */
  readonly notNeeded?: true;
}

export interface UserFileToWrite {
  readonly path: string;
  readonly content: string;
}

/** What is to be done with one file. */
export interface Decision {
  readonly file: PlannedFile;
  /** What the manifest says of it from now on. */
  readonly entry?: ManifestEntry;
  readonly create?: UserFileToWrite;
  readonly write?: FileToWrite;
  /** The text that the next merge starts from. */
  readonly base?: string;
  readonly removals?: readonly string[];
}

/** Decides on a file that is made once and then belongs to the user. */
export function onceOnly(dir: string, { path, content }: RenderedFile): Decision {
  const full = join(dir, path);
  // An empty file is what a power cut leaves of one that was not yet on disk.
  if (readIfThere(full)) return { file: { path, state: "same" } };
  return { file: { path, state: "new", after: content }, create: { path: full, content } };
}

/** A managed file that the project needs. */
export async function managed(dir: string, file: RenderedFile, entry: ManifestEntry): Promise<Decision> {
  const { path, content, mode } = file;
  const full = join(dir, path);
  const onDisk = readIfThere(full) || undefined;
  // Git or an editor may have changed the line ends; a shell script would not run with them.
  const found = onDisk === undefined ? undefined : asManaged(onDisk.replaceAll("\r\n", "\n"));
  const base = baseOf(dir, path, entry);
  if (entry.ejected && onDisk !== undefined) return ejected(path, entry, base, content);

  const { offered, ejected: _, ...known } = entry;
  const write: FileToWrite = { path: full, content, mode, durable: false };
  const mayBe = (...texts: (string | undefined)[]) => ({
    ours: [...new Set([content, ...texts, base].flatMap((text) => (text === undefined ? [] : [hashOf(text)])))],
  });
  // What an earlier run put beside it has been dealt with.
  const beside = offered === undefined ? undefined : readIfThere(`${full}.new`);
  const removals = beside !== undefined && hashOf(beside) === offered ? [`${full}.new`] : [];
  const done = { ...(base === content ? {} : remembered(content)), removals };

  if (found === undefined) {
    return { ...done, file: { path, state: "new", after: content }, entry: mayBe(), write };
  }
  if (onDisk === content) {
    const settled = known.ours[0] === hashOf(content) ? known : { ours: [hashOf(content)] };
    if (readableByAll(full)) return { ...done, file: { path, state: "same" }, entry: settled };
    return { ...done, file: { path, state: "changed", before: onDisk, after: content }, entry: settled, write };
  }
  if (found === content || known.ours.includes(hashOf(found))) {
    const isNoted = file.note !== undefined && found.replace(file.note, "") === content.replace(file.note, "");
    if (isNoted) return { ...done, file: { path, state: "same" }, entry: mayBe(found), write };
    return {
      ...done,
      file: { path, state: "changed", before: onDisk ?? "", after: content },
      entry: mayBe(found),
      write,
    };
  }
  const isNewest = known.ours[0] === hashOf(content);
  // A run was killed before it remembered what it had merged with.
  const isMerged = isNewest && known.merged === hashOf(found);
  if (isMerged || (base === undefined ? isNewest : base === content)) {
    return { ...done, file: { path, state: "kept" }, entry: known };
  }

  const merged = await merge(path, base, found, content);
  if ("text" in merged) {
    if (merged.text === found) return { ...done, file: { path, state: "kept" }, entry: mayBe() };
    return {
      ...done,
      file: { path, state: "merged", before: onDisk ?? "", after: merged.text },
      entry: { ...mayBe(), merged: hashOf(merged.text) },
      write: { ...write, content: merged.text },
    };
  }
  // Taking FILE.new away says that its changes are in.
  if (offered === hashOf(content) && beside === undefined) {
    return { ...done, file: { path, state: "kept" }, entry: mayBe() };
  }
  return {
    file: { path, state: "conflict", before: found, after: content, ...merged },
    entry: { ...known, offered: hashOf(content) },
    ...(beside === content ? {} : { write: { ...write, path: `${full}.new` } }),
  };
}

/** One that the project no longer needs: it goes where nobody has edited it. */
export function unneeded(dir: string, path: string, entry: ManifestEntry): Decision {
  const full = join(dir, path);
  const onDisk = readIfThere(full);
  const gone = { removals: [full, join(dir, basePath(path))] };
  if (onDisk === undefined || entry.ejected) {
    return { file: { path, state: "same" }, removals: gone.removals.slice(1) };
  }
  if (onDisk === "" || entry.ours.includes(hashOf(onDisk.replaceAll("\r\n", "\n")))) {
    return { ...gone, file: { path, state: "removed", before: onDisk } };
  }
  return { file: { path, state: "kept", notNeeded: true }, entry };
}

function ejected(path: string, entry: ManifestEntry, base: string | undefined, content: string): Decision {
  const isOld = entry.ours[0] !== hashOf(content);
  return {
    file: {
      path,
      state: "ejected",
      ...(isOld ? { ...(base === undefined ? {} : { before: base }), after: content } : {}),
    },
    entry,
  };
}

/** Lines. Beyond that it is another text, and comparing takes too long. */
export const MOST_EDITS = 5_000;

/** A bundled program is made anew, never merged: nothing of it is remembered. */
const LONGEST_LINE = 2_000;
export const isForPeople = (text: string): boolean => !text.split("\n").some((line) => line.length > LONGEST_LINE);
const remembered = (text: string): { base?: string } => (isForPeople(text) ? { base: text } : {});

/** Loaded only where someone has edited something: most runs go without it. */
async function merge(path: string, base: string | undefined, yours: string, ours: string): Promise<Merged> {
  if (base === undefined) return { conflicts: [] };
  return (await import("./merge.ts")).mergeThree(path, base, yours, ours);
}

/** Containers read these files as other users; a clone made under a strict umask would keep them out. */
const readableByAll = (path: string) => (statSync(path).mode & 0o444) === 0o444;
