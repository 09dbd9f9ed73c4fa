import { randomBytes } from "node:crypto";
import {
  closeSync,
  fchmodSync,
  fchownSync,
  fstatSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { CodedError, hasErrno } from "./errors.ts";

export interface FileToWrite {
  readonly path: string;
  readonly content: string | Uint8Array;
  /** Permission bits, whatever the umask. */
  readonly mode: number;
  /** The owner, by default that of this process. Nobody else can read the temporary file before it has its owner. */
  readonly owner?: { readonly uid: number; readonly gid: number };
  /** False for a file that can be made again: it is written faster, but a power cut may leave it empty. */
  readonly durable?: boolean;
}

/** Matches temporary files, `FILE.PID-RANDOM.tmp`, where PID is the process that writes. */
const TEMPORARY = /^(.*?)\.(?:(\d+)-)?[0-9a-f]{12}\.tmp$/;

/** Returns the text of a file, or undefined where there is none. Throws GC1501 for any other failure. */
export const readIfThere = (path: string): string | undefined => orNotThere(path, () => readFileSync(path, "utf8"));

/** Returns what `read` returns, or undefined where there is no file at `path`. Throws GC1501 for any other failure. */
export function orNotThere<T>(path: string, read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (hasErrno(error, "ENOENT", "ENOTDIR")) return undefined;
    const remedy = "Check what it is and who may read it, then run the command again.";
    throw new CodedError("GC1501", `${path} is there but cannot be read`, { remedy, cause: error });
  }
}

/**
 * Writes files atomically: each goes to a temporary name and to disk first, the largest first so that a full volume is
 * noticed early. Only then are they renamed, in the order given, so that no reader sees half a file.
 */
export function writeAll(files: readonly FileToWrite[]): void {
  const end = () => `${process.pid}-${randomBytes(6).toString("hex")}.tmp`;
  const prepared = files.map((file) => ({ file, temporary: `${file.path}.${end()}` }));
  const made = new Set<string>();
  let at = "";
  try {
    for (const { file, temporary } of [...prepared].sort((a, b) => b.file.content.length - a.file.content.length)) {
      at = file.path;
      const folder = dirname(file.path);
      if (!made.has(folder)) mkdirSync(folder, { recursive: true, mode: 0o755 });
      made.add(folder);
      writeTemporary(temporary, file);
    }
    for (const { file, temporary } of prepared) {
      at = file.path;
      renameSync(temporary, file.path);
    }
  } catch (error) {
    for (const { temporary } of prepared) quietly(() => rmSync(temporary, { force: true }));
    throw explainWriteError(error, at);
  }
}

/**
 * Removes the temporary files that killed writers left in a folder. With `alone: false` those of living processes stay;
 * `beside` limits it to the temporary files of these names.
 */
export function removeLeftovers(
  folder: string,
  { alone = true, beside }: { readonly alone?: boolean; readonly beside?: readonly string[] } = {},
): void {
  try {
    for (const name of readdirSync(folder)) {
      const [found, file = "", writer = ""] = TEMPORARY.exec(name) ?? [];
      if (found === undefined || (beside !== undefined && !beside.includes(file))) continue;
      if (alone || writer === "" || !isAtWork(Number(writer))) rmSync(join(folder, name), { force: true });
    }
  } catch (error) {
    if (!hasErrno(error, "ENOENT", "ENOTDIR")) throw explainWriteError(error, folder);
  }
}

/** Returns true while another process has this id. It may be a later one; then a later run removes the file. */
function isAtWork(pid: number): boolean {
  if (pid === process.pid) return false;
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return hasErrno(error, "EPERM");
  }
}

export const writeOne = (path: string, content: string | Uint8Array, mode: number): void =>
  writeAll([{ path, content, mode }]);

function writeTemporary(temporary: string, { content, mode, owner, durable = true }: FileToWrite): void {
  const bytes = typeof content === "string" ? Buffer.from(content) : content;
  const file = openSync(temporary, "wx", owner === undefined ? mode : mode & 0o600);
  try {
    if (owner !== undefined) giveTo(file, owner);
    // After the owner: a change of owner clears the set-user-ID and set-group-ID bits.
    fchmodSync(file, mode);
    for (let done = 0; done < bytes.length; ) done += writeSync(file, bytes, done);
    if (durable) fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

function giveTo(file: number, { uid, gid }: NonNullable<FileToWrite["owner"]>): void {
  const made = fstatSync(file);
  if (made.uid !== uid || made.gid !== gid) fchownSync(file, uid, gid);
}

/** Returns a coded error for a failure to write, or the error itself where it is another one. */
export function explainWriteError(error: unknown, path: string): unknown {
  if (hasErrno(error, "ENOSPC", "EDQUOT")) {
    return new CodedError("GC1502", `${path}: no space is left`, {
      remedy: "Free some space, then run the command again.",
      cause: error,
    });
  }
  // ENOENT is what Node says where a read-only file system refuses a folder.
  if (hasErrno(error, "EACCES", "EPERM", "EROFS", "ENOTDIR", "EISDIR", "EEXIST", "ENOENT")) {
    const remedy = "Check who owns the folder and whether it is mounted read-only, then run the command again.";
    return new CodedError("GC1501", `${path} cannot be written`, { remedy, cause: error });
  }
  return error;
}

/** Executes a cleanup and ignores its error, so that the error before it is the one that is reported. */
export function quietly(work: () => void): void {
  try {
    work();
  } catch {}
}
