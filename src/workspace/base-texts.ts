import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import { hasErrno } from "../base/errors.ts";
import { type FileToWrite, orNotThere, readIfThere } from "../base/files.ts";
import { BASE_TEXTS_FILE } from "../stack/managed-files.ts";
import { hashOf, type ManifestEntry } from "./manifest.ts";

/** Where earlier versions kept the same texts, each as a file: a second copy of the stack in every review. */
const FORMER_BASE_FOLDER = ".glitchtip/base";

/** The texts that we wrote last, by path. A merge of the user's edits with a newer text starts from them. */
export interface BaseTexts {
  /** Returns the text, or undefined where it is not known for certain: its hash has to be among those of the manifest. */
  textOf(path: string, entry: Pick<ManifestEntry, "ours">): string | undefined;
  /** Returns the file to write so that these are the texts from now on; none where they are the same. */
  changedTo(texts: Readonly<Record<string, string>>): readonly FileToWrite[];
  /** The files of an earlier version, which are removed when their texts are in the new place. */
  readonly former: readonly string[];
}

/** Reads the texts of a workspace. A file that is damaged counts as none: edited files are then not merged, and none is lost. */
export function openBaseTexts(dir: string): BaseTexts {
  const path = join(dir, BASE_TEXTS_FILE);
  const stored = parsed(orNotThere(path, () => readFileSync(path)));
  const formerText = (name: string) =>
    readIfThere(
      join(dir, FORMER_BASE_FOLDER, name.startsWith(".glitchtip/") ? name.slice(".glitchtip/".length) : name),
    );
  return {
    textOf: (name, { ours }) =>
      ours.length === 0
        ? undefined
        : [stored?.[name], formerText(name)].find((text) => text !== undefined && ours.includes(hashOf(text))),
    changedTo(texts) {
      const content = inOrder(texts);
      // The bytes are not compared: other versions of zlib compress the same text to others.
      if (stored !== undefined && content === inOrder(stored)) return [];
      return [{ path, content: compressed(content), mode: 0o644, durable: false }];
    },
    former: filesBelow(join(dir, FORMER_BASE_FOLDER)),
  };
}

const inOrder = (texts: Readonly<Record<string, string>>): string =>
  `${JSON.stringify(Object.fromEntries(Object.entries(texts).toSorted(([a], [b]) => (a < b ? -1 : 1))), null, 1)}\n`;

/** The place in gzip's header that names the operating system, and its value for an unknown one. */
const GZIP_OS = { at: 9, unknown: 255 };

function compressed(text: string): Uint8Array {
  const bytes = gzipSync(text, { level: 9 });
  bytes[GZIP_OS.at] = GZIP_OS.unknown;
  return bytes;
}

/** A stack of a thousand apps has a megabyte. */
const MOST_BYTES = 64 * 1024 * 1024;

function parsed(bytes: Uint8Array | undefined): Readonly<Record<string, string>> | undefined {
  if (bytes === undefined) return undefined;
  try {
    const texts: unknown = JSON.parse(gunzipSync(bytes, { maxOutputLength: MOST_BYTES }).toString());
    if (typeof texts !== "object" || texts === null) return undefined;
    return Object.fromEntries(Object.entries(texts).filter(([, text]) => typeof text === "string"));
  } catch {
    return undefined;
  }
}

/** Returns the paths of all files below a folder, those of its subfolders first. */
function filesBelow(folder: string): string[] {
  try {
    const entries = readdirSync(folder, { withFileTypes: true });
    const paths = (isFolder: boolean) =>
      entries.filter((entry) => entry.isDirectory() === isFolder).map(({ name }) => join(folder, name));
    return [...paths(true).flatMap(filesBelow), ...paths(false)];
  } catch (error) {
    if (hasErrno(error, "ENOENT", "ENOTDIR")) return [];
    throw error;
  }
}
