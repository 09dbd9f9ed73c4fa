import { isUtf8 } from "node:buffer";
import { execFileSync } from "node:child_process";
import {
  closeSync,
  fsyncSync,
  ftruncateSync,
  lstatSync,
  openSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  type Stats,
  statSync,
  writeSync,
} from "node:fs";
import { basename, dirname, resolve } from "node:path";
import { CodedError, hasErrno } from "./errors.ts";
import { explainWriteError, orNotThere, quietly, removeLeftovers, writeAll } from "./files.ts";

/** The mode of a file that is not there yet. */
const NEW_FILE_MODE = 0o644;

/**
 * Returns the text of a file that belongs to the user, or undefined where there is none. A byte that is not UTF-8 becomes
 * a lone surrogate (U+DC80 to U+DCFF, as in Python's "surrogateescape"), which `writeUserFile` turns back into that byte.
 */
export const readUserText = (path: string): string | undefined => orNotThere(path, () => decode(readFileSync(path)));

/** Returns the number of the first line with a byte that is not UTF-8, or undefined for a text that `readUserText` read whole. */
export function lineThatIsNotUtf8(text: string): number | undefined {
  const at = text.search(ESCAPED);
  return at === -1 ? undefined : text.slice(0, at).split("\n").length;
}

/**
 * Writes a file that belongs to the user: its mode, owner, group, access control list and links stay as they are. The file
 * is replaced atomically by a temporary one that nobody else can read before it has the owner and mode of the original.
 * It is written in place where a replacement would lose something: other hard links, an access control list, an owner
 * that this process may not set, or a mount of the single file.
 */
export function writeUserFile(path: string, text: string): void {
  try {
    const target = behindLinks(path);
    const stats = statSync(target, { throwIfNoEntry: false });
    const content = encode(text);
    // Those of killed processes may hold a copy of what the user keeps closed.
    removeLeftovers(dirname(target), { alone: false, beside: [basename(target)] });
    if (stats === undefined) writeAll([{ path: target, content, mode: NEW_FILE_MODE }]);
    else if (stats.isFile()) writeOver(path, target, stats, content, text);
    else throw new CodedError("GC1501", `${path} is not a regular file, so it is not written`);
  } catch (error) {
    throw explainWriteError(error, path);
  }
}

function writeOver(path: string, target: string, stats: Stats, content: Buffer, text: string): void {
  const before = readFileSync(target);
  if (before.equals(content)) return;
  refuseLostBytes(path, before, text);
  if (stats.nlink > 1 || hasAcl(target)) writeInPlace(target, before, content);
  else replace(target, stats, before, content);
}

/** Follows symbolic links, also to a file that does not exist yet. */
function behindLinks(path: string): string {
  try {
    return realpathSync(path);
  } catch (error) {
    if (!hasErrno(error, "ENOENT") || lstatSync(path, { throwIfNoEntry: false }) === undefined) return path;
    return behindLinks(resolve(realpathSync(dirname(path)), readlinkSync(path)));
  }
}

function replace(path: string, { mode, uid, gid }: Stats, before: Buffer, content: Buffer): void {
  try {
    writeAll([{ path, content, mode: mode & 0o7777, owner: { uid, gid } }]);
  } catch (error) {
    // The folder or the owner cannot be written by us, or the file is a mount point; the file itself may still be writable.
    if (!hasErrno(error, "EACCES", "EPERM", "EBUSY")) throw error;
    writeInPlace(path, before, content);
  }
}

/** Overwrites the same inode; when that fails halfway, for example on a full disk, the old content is put back. */
function writeInPlace(path: string, before: Buffer, content: Buffer): void {
  const file = openSync(path, "r+");
  const put = (bytes: Buffer) => {
    for (let done = 0; done < bytes.length; ) done += writeSync(file, bytes, done, bytes.length - done, done);
    ftruncateSync(file, bytes.length);
    fsyncSync(file);
  };
  try {
    put(content);
  } catch (error) {
    quietly(() => put(before));
    throw error;
  } finally {
    closeSync(file);
  }
}

/** Node cannot read access control lists, but POSIX's `ls -l` marks a file that has one. */
function hasAcl(path: string): boolean {
  try {
    const listed = execFileSync("ls", ["-ld", "--", path], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
      timeout: 5_000,
    });
    return listed.charAt(10) === "+";
  } catch {
    return false;
  }
}

/** A text that was read in another way has U+FFFD where the file has other bytes; writing it would destroy them. */
function refuseLostBytes(path: string, before: Buffer, text: string): void {
  if (isUtf8(before) || !text.includes("\uFFFD") || ESCAPED.test(text)) return;
  throw new CodedError("GC1501", `${path}: line ${lineThatIsNotUtf8(decode(before))} is not UTF-8`, {
    remedy: "Save the file as UTF-8, then run the command again.",
  });
}

/** A surrogate is escaped only where it stands alone: with the flag `u` a pair is one character. */
const ESCAPED = /[\uDC80-\uDCFF]/u;

function decode(bytes: Buffer): string {
  if (isUtf8(bytes)) return bytes.toString("utf8");
  let text = "";
  for (let at = 0; at < bytes.length; ) {
    const length = [1, 2, 3, 4].find((count) => isUtf8(bytes.subarray(at, at + count)));
    text +=
      length === undefined ? String.fromCharCode(0xdc00 + (bytes[at] ?? 0)) : bytes.toString("utf8", at, at + length);
    at += length ?? 1;
  }
  return text;
}

/** The inverse of `decode`. */
function encode(text: string): Buffer {
  const [first = "", ...rest] = text.split(/([\uDC80-\uDCFF])/u);
  if (rest.length === 0) return Buffer.from(first);
  return Buffer.concat(
    [first, ...rest].map((part, i) => (i % 2 === 0 ? Buffer.from(part) : Buffer.of(part.charCodeAt(0) & 0xff))),
  );
}
