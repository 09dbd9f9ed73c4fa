import { existsSync, readlinkSync, realpathSync } from "node:fs";
import { isAbsolute, join, relative, resolve } from "node:path";
import { defined } from "../base/defined.ts";
import { CodedError } from "../base/errors.ts";
import { readIfThere } from "../base/files.ts";
import { interpolate } from "../compose/interpolate.ts";
import { isMadeByUs, OVERRIDE_FILE, STACK_FILE, STACK_FILES } from "../stack/managed-files.ts";
import { ignoresAny } from "./git.ts";
import { readManifest } from "./manifest.ts";
import type { Workspace } from "./workspace.ts";

// Plain `docker compose` finds our file by its name, as the override file, or by COMPOSE_FILE in .env.

type Variables = Readonly<Record<string, string | undefined>>;

/** How Compose finds our file. */
export type Discovery = "override" | "env";

export interface DiscoveryOptions {
  /** What a person decided; without it an existing workspace stays as it is. */
  readonly discovery?: Discovery | undefined;
  /** The shell's variables, for values in .env that refer to them. */
  readonly shell?: Variables;
}

/** Stated on every system: on Windows Compose would otherwise split COMPOSE_FILE at semicolons. */
export const SEPARATOR = ":";

/** In Compose's own order of search; any of the overrides goes with any of the others. */
const NAMES = ["compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml"] as const;
const OVERRIDES = [
  "compose.override.yml",
  OVERRIDE_FILE,
  "docker-compose.override.yml",
  "docker-compose.override.yaml",
] as const;

/** Returns the user's Compose files and ours, relative to the folder, in the order in which plain `docker compose` reads them. */
export function composeFilesIn(
  dir: string,
  env: Readonly<Record<string, string>>,
  { discovery, shell = {} }: DiscoveryOptions = {},
): string[] {
  const stackFile = stackFileIn(dir, env, discovery);
  const value = env.COMPOSE_FILE && expanded(env.COMPOSE_FILE, { ...env, ...shell });
  const stated = statedFiles(dir, { ...env, ...defined({ COMPOSE_FILE: value }) }, stackFile);
  const files = stated?.map((file) => relativeTo(dir, file)) ?? composeFilesFoundIn(dir);
  const [first] = files.filter((file) => file !== stackFile);
  if (first?.match(/[/\\]/)) {
    // Compose resolves every relative path, ours too, from the folder of the first file.
    throw new CodedError("GC1103", `COMPOSE_FILE in .env begins with ${first}, which is in another folder`, {
      remedy: "Run init in that folder, or put a Compose file of this folder first.",
    });
  }
  return files.includes(stackFile) ? files : [...files, stackFile];
}

/** Returns which of these Compose files is ours. */
export const stackFileOf = (composeFiles: readonly string[]): string =>
  composeFiles.includes(STACK_FILE) ? STACK_FILE : OVERRIDE_FILE;

/** Returns the value for COMPOSE_FILE that lists our file, in the user's own words; undefined where .env states none. */
export function statedWithOurs(dir: string, env: Readonly<Record<string, string>>, stackFile: string) {
  const files = statedFiles(dir, env, stackFile);
  if (files === undefined) return undefined;
  return (files.includes(stackFile) ? files : [...files, stackFile]).join(separatorIn(env));
}

/** Splits a value of COMPOSE_FILE; a separator between the braces of a variable is part of it. */
export function splitFiles(files: string, env: Variables): string[] {
  const variables: string[] = [];
  const whole = files.replace(/\$\{[^}]*\}/g, (variable) => `\0${variables.push(variable) - 1}\0`);
  return whole
    .split(separatorIn(env))
    .map((file) => file.replace(/\0(\d+)\0/g, (_, at: string) => variables[Number(at)] ?? ""));
}

export const separatorIn = (env: Variables): string => env.COMPOSE_PATH_SEPARATOR ?? SEPARATOR;

/** Returns true where COMPOSE_FILE of .env lists our file, under one of its names. */
export const listsOurs = (dir: string, env: Variables): boolean =>
  splitFiles(env.COMPOSE_FILE ?? "", env).some((file) => isOurFile(dir, file));

/** Returns COMPOSE_FILE of .env without our file, or undefined where Compose finds by itself what remains. */
export function statedWithoutOurs(dir: string, env: Variables): string | undefined {
  const separator = separatorIn(env);
  const others = splitFiles(env.COMPOSE_FILE ?? "", env).filter((file) => !isOurFile(dir, file));
  return others.join(separator) === composeFilesFoundIn(dir).join(separator) ? undefined : others.join(separator);
}

function isOurFile(dir: string, file: string): boolean {
  const path = relativeTo(dir, file);
  return path === STACK_FILE || (path === OVERRIDE_FILE && isOurOverride(dir));
}

/** Returns the names that a Compose file of ours may have in what Compose noted about a container. */
export const stackFileNames = ({ composeFiles, stackFile }: Pick<Workspace, "composeFiles" | "stackFile">): string[] =>
  STACK_FILES.filter((name) => name === stackFile || !composeFiles.includes(name));

/** Returns what COMPOSE_FILE of .env lists, where a former name of our file is replaced by the new one. */
function statedFiles(dir: string, env: Readonly<Record<string, string>>, stackFile: string): string[] | undefined {
  if (!env.COMPOSE_FILE) return undefined;
  const isFormer = (file: string) =>
    stackFile === OVERRIDE_FILE ? file === STACK_FILE : file === OVERRIDE_FILE && isOurOverride(dir);
  const files = splitFiles(env.COMPOSE_FILE, env);
  return [...new Set(files.map((file) => (isFormer(file) ? stackFile : file)))];
}

function expanded(file: string, variables: Variables): string {
  try {
    return file.includes("$") ? interpolate(file, variables) : file;
  } catch {
    return file;
  }
}

/** Returns the path relative to the folder where it lies in it, also by another name of the folder; else the path as it is. */
export function relativeTo(dir: string, path: string): string {
  const full = resolve(dir, path);
  const bases = [resolve(dir), existsSync(dir) ? realpathSync(dir) : dir];
  const below = bases
    .map((base) => relative(base, full))
    .find((found) => !found.startsWith("..") && !isAbsolute(found));
  return below === undefined || below === "" ? path : below.replaceAll("\\", "/");
}

/** Returns the files of the user's that Compose finds by itself. */
export function composeFilesFoundIn(dir: string): string[] {
  const first = NAMES.find((name) => existsSync(join(dir, name)));
  if (first === undefined) return [];
  const [override] = usersOverrides(dir);
  return override === undefined ? [first] : [first, override];
}

/** Returns the override files of the user's. Compose reads only the first of all that are there. */
export const usersOverrides = (dir: string): string[] =>
  OVERRIDES.filter((name) => existsSync(join(dir, name)) && !(name === OVERRIDE_FILE && isOurOverride(dir)));

/** Returns true where the override file is managed, or the link that earlier versions made. */
export const isOurOverride = (dir: string): boolean =>
  OVERRIDE_FILE in readManifest(dir).files ||
  isFormerLink(dir, OVERRIDE_FILE) ||
  isMadeByUs(readIfThere(join(dir, OVERRIDE_FILE)) ?? "");

/** Earlier versions made a link with the name of an override file where a service reads .env. */
export function isFormerLink(dir: string, name: string): boolean {
  try {
    return readlinkSync(join(dir, name)) === STACK_FILE;
  } catch {
    return false;
  }
}

function stackFileIn(dir: string, env: Variables, wanted: Discovery | undefined): string {
  const others = usersOverrides(dir);
  if (wanted === "override" && others.length > 0) {
    throw new CodedError("GC1103", `${others[0]} is yours, and Compose reads only one override file by itself`, {
      remedy: "Run init with --discovery env.",
    });
  }
  if (wanted !== undefined) return wanted === "override" ? OVERRIDE_FILE : STACK_FILE;
  const { files } = readManifest(dir);
  const listsStackFile = env.COMPOSE_FILE?.includes(STACK_FILE) ?? false;
  const canOverride = others.length === 0 || Boolean(env.COMPOSE_FILE);
  if (isOurOverride(dir) && !(STACK_FILE in files && listsStackFile)) return canOverride ? OVERRIDE_FILE : STACK_FILE;
  const isNew = !(STACK_FILE in files) && !existsSync(join(dir, STACK_FILE));
  if (!isNew || env.COMPOSE_FILE || others.length > 0) return STACK_FILE;
  // Whoever has an override file that git ignores would lose it by ours: Compose reads only one.
  return ignoresAny(dir, OVERRIDES) ? STACK_FILE : OVERRIDE_FILE;
}
