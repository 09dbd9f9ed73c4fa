import { statSync } from "node:fs";
import { join } from "node:path";
import { defined } from "../base/defined.ts";
import { type FileToWrite, readIfThere } from "../base/files.ts";
import { asManaged } from "../stack/managed-files.ts";
import type { RenderedFile } from "../stack/model.ts";
import type { BaseTexts } from "./base-texts.ts";
import { hashOf, type ManifestEntry } from "./manifest.ts";
import type { Conflict, Merged } from "./merge.ts";

/**
 * `kept`: edited by hand, and nothing of ours to bring in. `conflict`: ours is put beside it as FILE.new.
 * `ejected`: the user's own since `eject`.
 */
export type FileState = "new" | "changed" | "merged" | "conflict" | "removed" | "kept" | "ejected" | "same";

export interface PlannedFile {
  readonly path: string;
  readonly state: FileState;
  /** The text on disk and the wanted one, where they differ. For an ejected file: what we wrote, and what we would write now. */
  readonly before?: string;
  readonly after?: string;
  readonly conflicts?: readonly Conflict[];
  /** Why a merge without conflicts is not written: the result would be no valid file. */
  readonly broken?: string;
  /** No longer part of the stack, and kept because it was edited. */
  readonly notNeeded?: true;
}

export interface UserFileToWrite {
  readonly path: string;
  readonly content: string;
}

/** What is to be done with one file. */
export interface Decision {
  readonly file: PlannedFile;
  /** What the manifest says about it from now on. */
  readonly entry?: ManifestEntry;
  /** A file that belongs to the user from now on. */
  readonly create?: UserFileToWrite;
  readonly write?: FileToWrite;
  /** The text that the next merge starts from. */
  readonly base?: string;
  readonly removals?: readonly string[];
  /** The text of a file under a former name, which goes to the new one before anything else is done. */
  readonly move?: FileToWrite;
}

/** Decides on a file that is made once and then belongs to the user. */
export function decideOnce(dir: string, { path, content }: RenderedFile): Decision {
  const full = join(dir, path);
  // A power cut leaves an empty file where the content was not yet on disk.
  if (readIfThere(full)) return { file: { path, state: "same" } };
  return { file: { path, state: "new", after: content }, create: { path: full, content } };
}

/** What is known about a managed file when its fate is decided. */
interface Situation {
  readonly path: string;
  readonly full: string;
  /** The path where it is on disk, where that is a former name. */
  readonly source: string;
  /** The text that we would write now. */
  readonly wanted: string;
  readonly mode: number;
  /** Matches the line of `wanted` that tells which declaration it was made from. */
  readonly note: RegExp | undefined;
  /** The text on disk; undefined where there is none or the file is empty. */
  readonly onDisk: string | undefined;
  /** `onDisk` with our header and with LF: Git or an editor may have changed the line ends, and sh does not run CRLF. */
  readonly found: string | undefined;
  readonly entry: ManifestEntry;
  /** The text that we wrote last, where it is known for certain. */
  readonly base: string | undefined;
  /** The text of FILE.new. */
  readonly beside: string | undefined;
}

interface Row<S> {
  readonly when: string;
  holds(situation: S): boolean;
  decide(situation: S): Decision;
}

/** The first row that holds decides. Where none does, the file was edited and ours has changed: then they are merged. */
const ROWS: readonly Row<Situation>[] = [
  {
    when: "ejected",
    holds: ({ entry, onDisk }) => entry.ejected === true && onDisk !== undefined,
    decide: ({ path, entry, base, wanted }) => {
      const isOld = entry.ours[0] !== hashOf(wanted);
      return { file: { path, state: "ejected", ...(isOld && defined({ before: base, after: wanted })) }, entry };
    },
  },
  {
    when: "not there",
    holds: ({ found }) => found === undefined,
    decide: (it) => ({ ...settled(it), file: { path: it.path, state: "new", after: it.wanted }, write: ours(it) }),
  },
  {
    when: "as wanted",
    holds: ({ onDisk, wanted, source }) => onDisk === wanted && isReadableByAll(source),
    decide: (it) => ({ ...settled(it), file: { path: it.path, state: "same" }, entry: sameEntry(it) }),
  },
  {
    when: "as wanted, but some users of containers cannot read it",
    holds: ({ onDisk, wanted }) => onDisk === wanted,
    decide: (it) => ({ ...settled(it), file: changed(it), entry: sameEntry(it), write: ours(it) }),
  },
  {
    when: "not edited, and only the note has changed",
    holds: (it) =>
      it.note !== undefined && isUnedited(it) && it.found?.replace(it.note, "") === it.wanted.replace(it.note, ""),
    decide: (it) => ({ ...settled(it, it.found), file: { path: it.path, state: "same" }, write: ours(it) }),
  },
  {
    when: "not edited",
    holds: isUnedited,
    decide: (it) => ({ ...settled(it, it.found), file: changed(it), write: ours(it) }),
  },
  {
    when: "edited, and the edits are merged with this version already: the run that did it was killed before it noted so",
    holds: ({ entry, found, wanted }) => entry.ours[0] === hashOf(wanted) && entry.merged === hashOf(found ?? ""),
    decide: (it) => ({ ...settled(it), file: { path: it.path, state: "kept" }, entry: withoutOffer(it) }),
  },
  {
    when: "edited, and ours has not changed",
    holds: ({ base, entry, wanted }) => (base === undefined ? entry.ours[0] === hashOf(wanted) : base === wanted),
    decide: (it) => ({ ...settled(it), file: { path: it.path, state: "kept" }, entry: withoutOffer(it) }),
  },
];

interface MergeSituation extends Situation {
  readonly merged: Merged;
}

/** Rows for a file that was edited while ours has changed, too. Where none holds, ours is put beside it as FILE.new. */
const MERGE_ROWS: readonly Row<MergeSituation>[] = [
  {
    when: "the edits contain all of our changes",
    holds: ({ merged, found }) => "text" in merged && merged.text === found,
    decide: (it) => ({ ...settled(it), file: { path: it.path, state: "kept" } }),
  },
  {
    when: "merged",
    holds: ({ merged }) => "text" in merged,
    decide: (it) => {
      const text = "text" in it.merged ? it.merged.text : it.wanted;
      const { entry, ...rest } = settled(it);
      return {
        ...rest,
        file: { ...changed(it), state: "merged", after: text },
        entry: { ...entry, merged: hashOf(text) },
        write: { ...ours(it), content: text },
      };
    },
  },
  {
    when: "the user took FILE.new away, which says that its changes are in",
    holds: ({ entry, wanted, beside }) => entry.offered === hashOf(wanted) && beside === undefined,
    decide: (it) => ({ ...settled(it), file: { path: it.path, state: "kept" } }),
  },
];

const conflict = ({ path, full, found, wanted, mode, entry, beside, merged }: MergeSituation): Decision => ({
  file: { path, state: "conflict", ...defined({ before: found }), after: wanted, ...merged },
  entry: { ...withoutOffer({ entry }), offered: hashOf(wanted) },
  ...(beside !== wanted && { write: { path: `${full}.new`, content: wanted, mode, durable: false } }),
});

/** Decides on a managed file that the stack needs. `from`: its name on disk, where that is a former one. */
export async function decideManaged(
  dir: string,
  file: RenderedFile,
  entry: ManifestEntry,
  bases: BaseTexts,
  from = file.path,
): Promise<Decision> {
  const { path, content: wanted, mode, note } = file;
  const full = join(dir, path);
  const source = join(dir, from);
  const onDisk = readIfThere(source) || undefined;
  const situation: Situation = {
    path,
    full,
    source,
    wanted,
    mode,
    note,
    onDisk,
    found: onDisk && asManaged(onDisk.replaceAll("\r\n", "\n")),
    entry,
    base: bases.textOf(from, entry),
    beside: entry.offered === undefined ? undefined : readIfThere(`${source}.new`),
  };
  const row = ROWS.find(({ holds }) => holds(situation));
  if (row !== undefined) return row.decide(situation);
  const mergeSituation = { ...situation, merged: await merge(situation) };
  const mergeRow = MERGE_ROWS.find(({ holds }) => holds(mergeSituation));
  return mergeRow === undefined ? conflict(mergeSituation) : mergeRow.decide(mergeSituation);
}

/** Returns both decisions for a managed file that gets another name: its text, with the user's edits, goes along. */
export async function decideRenamed(
  dir: string,
  file: RenderedFile,
  entry: ManifestEntry,
  bases: BaseTexts,
  from: string,
): Promise<readonly [Decision, Decision]> {
  const decision = await decideManaged(dir, file, entry, bases, from);
  const [source, full] = [join(dir, from), join(dir, file.path)];
  const before = readIfThere(source) ?? "";
  const base = decision.base ?? bases.textOf(from, entry);
  const after = decision.write?.path === full ? decision.write.content : before;
  const isShownAsNew = ["same", "kept", "ejected"].includes(decision.file.state);
  const renamed: Decision = {
    ...decision,
    ...defined({ base }),
    file: isShownAsNew ? { path: file.path, state: "new", after: before } : decision.file,
    ...(after === before && { move: { path: full, content: before, mode: file.mode, durable: false } }),
    removals: [],
  };
  const old: Decision = {
    file: { path: from, state: "removed", before },
    removals: [source, `${source}.new`],
  };
  return [renamed, old];
}

/** Decides on a managed file that the stack no longer needs: it is removed unless somebody has edited it. */
export function decideUnneeded(dir: string, path: string, entry: ManifestEntry): Decision {
  const full = join(dir, path);
  const onDisk = readIfThere(full);
  if (onDisk === undefined || entry.ejected) return { file: { path, state: "same" } };
  if (onDisk === "" || entry.ours.includes(hashOf(onDisk.replaceAll("\r\n", "\n")))) {
    return { file: { path, state: "removed", before: onDisk }, removals: [full] };
  }
  return { file: { path, state: "kept", notNeeded: true }, entry };
}

function isUnedited({ found, wanted, entry }: Situation): boolean {
  return found === wanted || (found !== undefined && entry.ours.includes(hashOf(found)));
}

/** What every decision that leaves no conflict has in common. Until the file is written, the texts in `alsoOurs` count as ours. */
function settled(it: Situation, ...alsoOurs: readonly (string | undefined)[]) {
  const texts = [it.wanted, ...alsoOurs, it.base].flatMap((text) => (text === undefined ? [] : [hashOf(text)]));
  const isOffer = it.beside !== undefined && hashOf(it.beside) === it.entry.offered;
  return {
    entry: { ours: [...new Set(texts)] },
    removals: isOffer ? [`${it.full}.new`] : [],
    ...(it.base !== it.wanted && isForPeople(it.path) && { base: it.wanted }),
  };
}

const ours = ({ full, wanted, mode }: Situation): FileToWrite => ({
  path: full,
  content: wanted,
  mode,
  durable: false,
});

const changed = ({ path, onDisk = "", wanted }: Situation): PlannedFile => ({
  path,
  state: "changed",
  before: onDisk,
  after: wanted,
});

const withoutOffer = ({ entry: { offered: _, ejected: __, ...entry } }: Pick<Situation, "entry">): ManifestEntry =>
  entry;

const sameEntry = (it: Situation): ManifestEntry =>
  it.entry.ours[0] === hashOf(it.wanted) ? withoutOffer(it) : { ours: [hashOf(it.wanted)] };

/** Lines. Beyond that it is another text, and comparing takes too long. */
export const MOST_EDITS = 5_000;

/** A bundled program is made anew and never merged, so no text is kept to merge from. */
export const isForPeople = (path: string): boolean => !path.endsWith(".mjs");

/** Loads jsdiff only where somebody has edited something: most runs do without it. */
async function merge({ path, base, found = "", wanted }: Situation): Promise<Merged> {
  if (base === undefined) return { conflicts: [] };
  return (await import("./merge.ts")).mergeThree(path, base, found, wanted);
}

/** Containers read these files as other users; a clone under a strict umask would keep them out. */
const isReadableByAll = (path: string): boolean => (statSync(path).mode & 0o444) === 0o444;
