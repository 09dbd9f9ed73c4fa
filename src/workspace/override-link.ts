import { lstatSync, readlinkSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { explainWriteError } from "../base/files.ts";
import { STACK_FILE } from "../stack/render.ts";
import type { PlannedFile } from "./decide.ts";
import type { Workspace } from "./workspace.ts";

/** The second file that Compose takes by itself, as long as no COMPOSE_FILE is set. */
export const OVERRIDE_LINK = "compose.override.yaml";

/**
 * Whether Compose finds our file by this link instead of by COMPOSE_FILE in .env. A service whose `env_file` is .env
 * would get that line too: its container, a database perhaps, would be another one, and be made anew.
 */
export function isByLink({ dir, env, user, composeFiles }: Workspace): boolean {
  const [first, ...others] = composeFiles;
  if (env.COMPOSE_FILE || first === STACK_FILE || others.length !== 1) return false;
  return isOurLink(dir, OVERRIDE_LINK) || readersOf(user).length > 0;
}

/** Services that get every line of .env. */
export const readersOf = ({ services }: Workspace["user"]): string[] =>
  Object.keys(services).filter((name) => services[name]?.envFiles.includes(".env"));

export function isOurLink(dir: string, name: string): boolean {
  try {
    return readlinkSync(join(dir, name)) === STACK_FILE;
  } catch {
    return false;
  }
}

export const linkState = (dir: string): PlannedFile => ({
  path: OVERRIDE_LINK,
  state: isOurLink(dir, OVERRIDE_LINK) ? "same" : "new",
});

export function makeLink(dir: string): void {
  const path = join(dir, OVERRIDE_LINK);
  if (lstatSync(path, { throwIfNoEntry: false }) !== undefined) return;
  try {
    symlinkSync(STACK_FILE, path);
  } catch (error) {
    throw explainWriteError(error, path);
  }
}
