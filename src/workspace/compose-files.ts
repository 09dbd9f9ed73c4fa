import { existsSync } from "node:fs";
import { join } from "node:path";
import { CodedError } from "../base/errors.ts";
import { STACK_FILE } from "../stack/render.ts";
import type { UserComposeFile } from "../stack/user-compose.ts";
import { isOurLink } from "./override-link.ts";
import { readUserFile } from "./workspace.ts";

/** In Compose's own order of search. */
const NAMES = ["compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml"] as const;
const OVERRIDES = [
  "compose.override.yml",
  "compose.override.yaml",
  "docker-compose.override.yml",
  "docker-compose.override.yaml",
] as const;

/** Always ours: on Windows Compose would otherwise split at semicolons. */
export const SEPARATOR = ":";

/** The user's Compose files and ours, relative to the folder, in the order in which plain `docker compose` takes them. */
export function composeFilesIn(dir: string, env: Readonly<Record<string, string>>): string[] {
  const stated = env.COMPOSE_FILE;
  const files = stated ? stated.split(env.COMPOSE_PATH_SEPARATOR ?? SEPARATOR) : foundIn(dir);
  const [first] = files.filter((file) => file !== STACK_FILE);
  if (first?.match(/[/\\]/)) {
    // Compose resolves every relative path, ours too, from the folder of the first file.
    throw new CodedError("GC1103", `COMPOSE_FILE in .env begins with ${first}, which is in another folder`, {
      remedy: "Run init in that folder, or put a Compose file of this folder first.",
    });
  }
  return files.includes(STACK_FILE) ? files : [...files, STACK_FILE];
}

function foundIn(dir: string): string[] {
  const first = NAMES.find((name) => existsSync(join(dir, name)));
  if (first === undefined) return [];
  // Compose adds this one by itself only as long as COMPOSE_FILE is not set.
  const override = OVERRIDES.find((name) => existsSync(join(dir, name)));
  return override === undefined || isOurLink(dir, override) ? [first] : [first, override];
}

/** Texts of the user's; one that is stated and not there is an error. */
export function readComposeFiles(dir: string, paths: readonly string[]): UserComposeFile[] {
  const ours = paths.indexOf(STACK_FILE);
  const users = paths.map((path, i) => ({ path, afterOurs: i > ours })).filter(({ path }) => path !== STACK_FILE);
  return users.map(({ path, afterOurs }) => {
    const text = readUserFile(dir, path, "GC1103");
    if (text !== undefined) return { path, text, afterOurs };
    throw new CodedError("GC1103", `COMPOSE_FILE in .env names ${path}, which is not there`, {
      remedy: "Correct COMPOSE_FILE in .env, then run it again.",
    });
  });
}
