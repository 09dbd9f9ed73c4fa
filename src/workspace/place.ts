import { existsSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { CodedError } from "../base/errors.ts";
import { readIfThere } from "../base/files.ts";
import type { Assets } from "./assets.ts";

import { DECLARATION_FILE } from "./declaration-file.ts";
import { composeFilesFoundIn } from "./discovery.ts";
import { parseEnv } from "./env-file.ts";

/** Names that say nothing about what a folder is for; a name with a dot in front neither. */
const UNTELLING = /^(?:\.|readme|licen[cs]e|changelog)/i;
/** A Compose file that Compose reads only where it is named. */
const UNREAD_COMPOSE_FILE = /^(?:docker-)?compose.*\.ya?ml$/;
const SHOWN_NAMES = 4;

/** Returns the names in a folder that show it to be in use; those that an interrupted `init` left are none. */
export function thingsIn(dir: string, assets: Assets): string[] {
  const isOurs = (name: string) =>
    name === "app" && readIfThere(join(dir, "app/server.mjs")) === assets.sample("server.mjs");
  return readdirSync(dir).filter((name) => !UNTELLING.test(name) && !isOurs(name));
}

/**
 * Returns the nearest folder above with Compose files or a declaration, because Compose looks there, too. Returns
 * undefined where there is none, and for a folder that has them itself.
 */
export function composeFolderAbove(dir: string): string | undefined {
  const isStated = parseEnv(readIfThere(join(dir, ".env")) ?? "").COMPOSE_FILE !== undefined;
  return isStated || hasComposeFiles(dir) ? undefined : nearestAbove(dir);
}

function nearestAbove(dir: string): string | undefined {
  const parent = dirname(dir);
  if (parent === dir) return undefined;
  return hasComposeFiles(parent) ? parent : nearestAbove(parent);
}

const hasComposeFiles = (dir: string): boolean =>
  composeFilesFoundIn(dir).length > 0 || existsSync(join(dir, DECLARATION_FILE));

/** Says that a folder without Compose files holds other things, among which nothing is put unasked. */
export function notEmpty(dir: string, things: readonly string[], composeFile: string | undefined): CodedError {
  const shown = things.slice(0, SHOWN_NAMES).join(", ");
  const more = things.length > SHOWN_NAMES ? ` and ${things.length - SHOWN_NAMES} more` : "";
  const unread = things.filter((name) => UNREAD_COMPOSE_FILE.test(name));
  const problems = [
    ...unread.map((name) => `${name} is only read if it is named: write COMPOSE_FILE=${name} into .env`),
    ...(composeFile ? [`COMPOSE_FILE=${composeFile} of your shell is not read here: write it into .env`] : []),
  ];
  return new CodedError("GC1002", `${dir} has no Compose file, and it is not empty (${shown}${more})`, {
    problems,
    remedy:
      "Run it where your Compose file is. Without one: init --no-apps for GlitchTip alone, or init --sample for a sample app among these files.",
  });
}
