import { existsSync } from "node:fs";
import { join } from "node:path";
import { defined } from "../base/defined.ts";
import { type FileToWrite, readIfThere } from "../base/files.ts";
import { STACK_FILES } from "../stack/managed-files.ts";
import type { RenderedFile } from "../stack/model.ts";
import { type BaseTexts, openBaseTexts } from "./base-texts.ts";
import {
  type Decision,
  decideManaged,
  decideOnce,
  decideRenamed,
  decideUnneeded,
  type PlannedFile,
  type UserFileToWrite,
} from "./decisions.ts";
import { isFormerLink } from "./discovery.ts";
import { hashOf, type ManifestEntries, manifestText, readManifest, WORKSPACE_MANIFEST_FILE } from "./manifest.ts";

export interface ManagedFilesPlan {
  readonly files: PlannedFile[];
  /** Written first: it accepts both the version on disk and the new one. */
  readonly manifest: readonly FileToWrite[];
  /** Files that are made once and then belong to the user. Written next, one after the other. */
  readonly once: readonly UserFileToWrite[];
  /** Written in this order, one group after the other: an interruption leaves nothing that the next run misreads. */
  readonly groups: readonly (readonly FileToWrite[])[];
  /** Removed after that. */
  readonly removals: readonly string[];
  /** Written when they are gone: the manifest, which accepts only the new version from then on. */
  readonly last: readonly FileToWrite[];
}

interface ManagedFilesOptions {
  /** Ejected files that become managed again. */
  readonly adopt?: readonly string[];
  /** The instance id of the stack; default: the one that the manifest has. */
  readonly instance?: string | undefined;
}

/**
 * Decides what to do with each file. The manifest goes first and accepts both the version on disk and the new one; the
 * texts that merges start from go last. So a run that is killed in between does not make its own files look edited, and
 * the next one merges the same again.
 */
export async function planManagedFiles(
  dir: string,
  files: readonly RenderedFile[],
  toolVersion: string,
  { adopt = [], instance }: ManagedFilesOptions = {},
): Promise<ManagedFilesPlan> {
  const bases = openBaseTexts(dir);
  const { files: known, there, instance: knownInstance, made: knownMade } = readManifest(dir);
  const isSameInstance = instance === undefined || instance === knownInstance;
  const once = files.filter(({ kind }) => kind === "once").map((file) => decideOnce(dir, file));
  // One that a killed run made is as we would make it, and no manifest tells of it yet.
  const isMade = ({ file: { state, path } }: Decision, content: string) =>
    state === "new" || (!there && readIfThere(join(dir, path)) === content);
  const newlyMade = files
    .filter(({ kind }) => kind === "once")
    .filter(({ content }, i) => once[i] !== undefined && isMade(once[i], content));
  const made =
    newlyMade.length === 0
      ? knownMade
      : { ...knownMade, ...Object.fromEntries(newlyMade.map(({ path, content }) => [path, hashOf(content)])) };
  const decisions: Decision[] = [];
  const dropped: Decision[] = [];
  const wanted = new Set<string>();
  for (const file of files.filter(({ kind }) => kind === "managed")) {
    wanted.add(file.path);
    const from = formerName(dir, file.path, known) ?? file.path;
    const { ejected, ...entry } = known[from] ?? { ours: [] };
    const staysEjected = ejected !== undefined && !adopt.includes(file.path);
    const kept = staysEjected ? { ...entry, ejected } : entry;
    if (from === file.path) {
      decisions.push(await decideManaged(dir, file, kept, bases));
    } else {
      const [renamed, old] = await decideRenamed(dir, file, kept, bases, from);
      decisions.push(renamed);
      dropped.push(old);
      wanted.add(from);
    }
  }
  for (const [path, entry] of Object.entries(known)) {
    if (!wanted.has(path)) dropped.push(decideUnneeded(dir, path, entry));
  }

  const entries = Object.fromEntries(
    [...decisions, ...dropped].flatMap(({ file, entry }) => (entry === undefined ? [] : [[file.path, entry] as const])),
  );
  // A file that is about to be removed stays known until it is gone.
  const going = Object.fromEntries(
    dropped.flatMap(({ file: { path, state } }) => {
      const entry = known[path];
      return state === "removed" && entry !== undefined ? [[path, entry] as const] : [];
    }),
  );
  const textOf = (after: ManifestEntries) =>
    manifestText(toolVersion, { ...defined({ instance: instance ?? knownInstance, made }), files: after });
  const isKnown = there && isSameInstance && made === knownMade;
  const manifest = (after: ManifestEntries, before: ManifestEntries): FileToWrite[] =>
    JSON.stringify(after) === JSON.stringify(before)
      ? []
      : [{ path: join(dir, WORKSPACE_MANIFEST_FILE), content: textOf(after), mode: 0o644 }];
  const meanwhile = { ...entries, ...going };

  return {
    files: [...once, ...decisions, ...dropped.filter(({ file }) => file.state !== "same")].map(({ file }) => file),
    once: once.flatMap(({ create }) => create ?? []),
    manifest: manifest(meanwhile, isKnown ? known : {}),
    groups: [
      decisions.flatMap(({ move, write }) => [move, write].filter((one) => one !== undefined)),
      bases.changedTo(basesOfNextMerge([...decisions, ...dropped], bases)),
    ],
    removals: [...[...decisions, ...dropped].flatMap(({ removals = [] }) => removals), ...bases.former],
    last: manifest(whenWritten(entries), meanwhile),
  };
}

/**
 * Returns what the manifest says when all files are written: of the versions that were accepted meanwhile only the newest, so
 * that a change and its reversal leave the manifest as it was.
 */
const whenWritten = (entries: ManifestEntries): ManifestEntries =>
  Object.fromEntries(
    Object.entries(entries).map(([path, entry]) => {
      const isOpen = entry.offered !== undefined || entry.ejected === true;
      return [path, isOpen ? entry : { ...entry, ours: entry.ours.slice(0, 1) }] as const;
    }),
  );

/** Returns the name under which a Compose file of ours is still on disk, where that is another one than the wanted. */
function formerName(dir: string, path: string, known: ManifestEntries): string | undefined {
  if (!STACK_FILES.includes(path)) return undefined;
  const isThere = known[path] !== undefined && existsSync(join(dir, path)) && !isFormerLink(dir, path);
  if (isThere) return undefined;
  return STACK_FILES.find((name) => name !== path && known[name] !== undefined && existsSync(join(dir, name)));
}

/** Returns the texts that the merges of the next run start from, by path. */
const basesOfNextMerge = (decisions: readonly Decision[], bases: BaseTexts): Record<string, string> =>
  Object.fromEntries(
    decisions.flatMap(({ file: { path }, entry, base }) => {
      const text = entry === undefined ? undefined : (base ?? bases.textOf(path, entry));
      return text === undefined ? [] : [[path, text] as const];
    }),
  );
