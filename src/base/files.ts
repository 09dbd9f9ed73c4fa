import { randomBytes } from "node:crypto";
import {
  closeSync,
  fchmodSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from "node:fs";
import { dirname } from "node:path";
import { CodedError, hasErrno } from "./errors.ts";

export interface FileToWrite {
  readonly path: string;
  readonly content: string | Uint8Array;
  /** Permission bits, whatever the umask. */
  readonly mode: number;
  /** False for what can be made again: then a power cut may leave it empty, and writing it is faster. */
  readonly durable?: boolean;
}

/** The file's text, or undefined where there is none; any other failure is thrown. */
export function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (hasErrno(error, "ENOENT", "ENOTDIR")) return undefined;
    throw error;
  }
}

/**
 * Writes all files or none that a reader could take for whole: each goes to a temporary name and to disk first, the
 * largest first so that a full volume is found out early; only then they are renamed.
 */
export function writeAll(files: readonly FileToWrite[]): void {
  const prepared: { temporary: string; path: string }[] = [];
  let at = "";
  try {
    for (const file of [...files].sort((a, b) => b.content.length - a.content.length)) {
      at = file.path;
      mkdirSync(dirname(file.path), { recursive: true });
      const temporary = `${file.path}.${randomBytes(6).toString("hex")}.tmp`;
      prepared.push({ temporary, path: file.path });
      writeTemporary(temporary, file);
    }
    for (const { temporary, path } of prepared) {
      at = path;
      renameSync(temporary, path);
    }
  } catch (error) {
    for (const { temporary } of prepared) rmSync(temporary, { force: true });
    throw explain(error, at);
  }
}

export const writeOne = (path: string, content: string | Uint8Array, mode: number): void =>
  writeAll([{ path, content, mode }]);

function writeTemporary(temporary: string, { content, mode, durable = true }: FileToWrite): void {
  const bytes = typeof content === "string" ? Buffer.from(content) : content;
  const file = openSync(temporary, "wx", mode);
  try {
    fchmodSync(file, mode);
    for (let done = 0; done < bytes.length; ) done += writeSync(file, bytes, done);
    if (durable) fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

function explain(error: unknown, path: string): unknown {
  if (hasErrno(error, "ENOSPC", "EDQUOT")) {
    return new CodedError("GC1502", `${path}: no space is left`, {
      remedy: "Free some space, then run it again.",
      cause: error,
    });
  }
  if (hasErrno(error, "EACCES", "EPERM", "EROFS", "ENOTDIR", "EISDIR", "EEXIST")) {
    const remedy = "Check who owns the folder and whether it is mounted read-only, then run it again.";
    return new CodedError("GC1501", `${path} cannot be written`, { remedy, cause: error });
  }
  return error;
}
