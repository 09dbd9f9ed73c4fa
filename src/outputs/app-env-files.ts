import { chmodSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { readIfThere, writeAll } from "../base/files.ts";

export interface ChangedEnvFile {
  readonly app: string;
  /** The text that it had; undefined for a new file. */
  readonly before: string | undefined;
}

/**
 * Writes the env file of each app, `APP.env`, into a folder that only its owner may enter. Files that are as wanted stay
 * as they are. Returns those that were written.
 */
export function writeAppEnvFiles(folder: string, contents: Readonly<Record<string, string>>): ChangedEnvFile[] {
  const changed = Object.entries(contents)
    .map(([app, content]) => ({ app, path: join(folder, `${app}.env`), content, mode: 0o600 }))
    .map((file) => ({ ...file, before: readIfThere(file.path) }))
    .filter(({ before, content }) => before !== content);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  chmodSync(folder, 0o700);
  writeAll(changed);
  return changed.map(({ app, before }) => ({ app, before }));
}
