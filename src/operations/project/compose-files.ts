import { existsSync } from "node:fs";
import { join } from "node:path";
import { CodedError } from "../../base/errors.ts";
import { STACK_FILE } from "../../stack/render.ts";
import { readUserFile } from "./project.ts";

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

/** The user's Compose files, relative to the folder, as plain `docker compose` would take them there. */
export function userComposeFiles(dir: string, env: Readonly<Record<string, string>>): string[] {
  const stated = env.COMPOSE_FILE;
  if (stated !== undefined && stated !== "") {
    const files = stated.split(env.COMPOSE_PATH_SEPARATOR ?? SEPARATOR).filter((file) => file !== STACK_FILE);
    const elsewhere = files[0]?.match(/[/\\]/);
    if (elsewhere) {
      // Compose resolves every relative path, ours too, from the folder of the first file.
      throw new CodedError("GC1103", `COMPOSE_FILE in .env begins with ${files[0]}, which is in another folder`, {
        remedy: "Run init in that folder, or put a Compose file of this folder first.",
      });
    }
    return files;
  }
  const first = NAMES.find((name) => existsSync(join(dir, name)));
  if (first === undefined) return [];
  // Compose adds this one by itself only as long as COMPOSE_FILE is not set.
  const override = OVERRIDES.find((name) => existsSync(join(dir, name)));
  return override === undefined ? [first] : [first, override];
}

/** Their texts; one that is stated and not there is an error. */
export function readComposeFiles(dir: string, paths: readonly string[]): { path: string; text: string }[] {
  return paths.map((path) => {
    const text = readUserFile(dir, path, "GC1103");
    if (text !== undefined) return { path, text };
    throw new CodedError("GC1103", `COMPOSE_FILE in .env names ${path}, which is not there`, {
      remedy: "Correct COMPOSE_FILE in .env, then run it again.",
    });
  });
}
