import { existsSync, realpathSync, statSync } from "node:fs";
import { writeOne } from "./files.ts";

/** A file of the user's: it keeps its mode, and a link stays one. */
export function writeUsersFile(path: string, text: string): void {
  const there = existsSync(path);
  const target = there ? realpathSync(path) : path;
  writeOne(target, text, there ? statSync(target).mode & 0o777 : 0o644);
}
