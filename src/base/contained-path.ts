import { constants, mkdirSync, realpathSync } from "node:fs";
import { basename, dirname, join, posix, relative, sep } from "node:path";
import { CodedError, hasErrno } from "./errors.ts";
import { explainWriteError } from "./files.ts";

/** Control characters, and the ones that change how a line is shown. */
const UNSHOWABLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u;
const ROOT = "/root";

/**
 * Returns true for a relative path with forward slashes that stays inside the folder that it is joined to, on every
 * system: no absolute path, no drive, no `.` or `..`, no empty part, no backslash and no control character.
 */
export const isContainedPath = (path: string): boolean =>
  path !== "" &&
  !UNSHOWABLE.test(path) &&
  !path.includes("\\") &&
  !/^[A-Za-z]:/.test(path) &&
  !path.endsWith("/") &&
  posix.resolve(ROOT, path) === `${ROOT}/${path}`;

/** Flags to create a file that is not there yet; a link of that name is an error. */
export const CREATE_WITHOUT_LINK =
  constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | (constants.O_NOFOLLOW ?? 0);

/**
 * Creates the folders between `root` and the file `path`, and returns the file's path with every link resolved. Throws
 * GC1501 for a path that is not contained, and for a link that leads out of `root`.
 */
export function makeParentBelow(root: string, path: string, folderMode = 0o755): string {
  const leaves = () =>
    new CodedError("GC1501", `${JSON.stringify(path)} leads out of ${root}, so it is not written`, {
      remedy: "Remove the link there, or take another source.",
    });
  if (!isContainedPath(path)) throw leaves();
  try {
    mkdirSync(root, { recursive: true, mode: folderMode });
    const top = realpathSync(root);
    let folder = top;
    for (const part of dirname(path)
      .split("/")
      .filter((name) => name !== ".")) {
      const next = join(folder, part);
      makeFolder(next, folderMode);
      folder = realpathSync(next);
      const found = relative(top, folder);
      if (found === ".." || found.startsWith(`..${sep}`) || found.startsWith(sep)) throw leaves();
    }
    return join(folder, basename(path));
  } catch (error) {
    throw explainWriteError(error, join(root, path));
  }
}

function makeFolder(path: string, mode: number): void {
  try {
    mkdirSync(path, { mode });
  } catch (error) {
    if (!hasErrno(error, "EEXIST")) throw error;
  }
}
