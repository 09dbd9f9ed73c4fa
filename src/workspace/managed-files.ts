import { existsSync } from "node:fs";
import { join } from "node:path";
import { defined } from "../base/defined.ts";
import { type FileToWrite, readIfThere } from "../base/files.ts";
import { STACK_FILES } from "../stack/managed-files.ts";
import type { RenderedFile } from "../stack/model.ts";
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
import {
  basePath,
  hashOf,
  type ManifestEntries,
  type ManifestEntry,
  manifestText,
  readManifest,
  WORKSPACE_MANIFEST_FILE,
} from "./manifest.ts";

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
  /** Written when they are gone. */
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
      decisions.push(await decideManaged(dir, file, kept));
    } else {
      const [renamed, old] = await decideRenamed(dir, file, kept, from);
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
  const textOf = (after: Readonly<Record<string, ManifestEntry>>) =>
    manifestText(toolVersion, { ...defined({ instance: instance ?? knownInstance, made }), files: after });
  const manifest = (after: Readonly<Record<string, ManifestEntry>>): FileToWrite[] =>
    there && isSameInstance && made === knownMade && JSON.stringify(after) === JSON.stringify(known)
      ? []
      : [{ path: join(dir, WORKSPACE_MANIFEST_FILE), content: textOf(after), mode: 0o644 }];

  return {
    files: [...once, ...decisions, ...dropped.filter(({ file }) => file.state !== "same")].map(({ file }) => file),
    once: once.flatMap(({ create }) => create ?? []),
    manifest: manifest({ ...entries, ...going }),
    groups: [
      decisions.flatMap(({ move, write }) => [move, write].filter((one) => one !== undefined)),
      decisions.flatMap((decision) => baseOfNextMerge(dir, decision)),
    ],
    removals: [...decisions, ...dropped].flatMap(({ removals = [] }) => removals),
    last: Object.keys(going).length === 0 ? [] : manifest(entries),
  };
}

/** Returns the name under which a Compose file of ours is still on disk, where that is another one than the wanted. */
function formerName(dir: string, path: string, known: ManifestEntries): string | undefined {
  if (!STACK_FILES.includes(path)) return undefined;
  const isThere = known[path] !== undefined && existsSync(join(dir, path)) && !isFormerLink(dir, path);
  if (isThere) return undefined;
  return STACK_FILES.find((name) => name !== path && known[name] !== undefined && existsSync(join(dir, name)));
}

function baseOfNextMerge(dir: string, { file, base }: Decision): FileToWrite[] {
  const path = join(dir, basePath(file.path));
  return base === undefined ? [] : [{ path, content: base, mode: 0o644, durable: false }];
}
