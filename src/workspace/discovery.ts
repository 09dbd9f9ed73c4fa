import { existsSync, readlinkSync, realpathSync } from "node:fs";
import { isAbsolute, join, relative, resolve } from "node:path";
import { defined } from "../base/defined.ts";
import { CodedError } from "../base/errors.ts";
import { readIfThere } from "../base/files.ts";
import { interpolate } from "../compose/interpolate.ts";
import { ALONE_FILE, isMadeByUs, OVERRIDE_FILE, STACK_FILE, STACK_FILES } from "../stack/managed-files.ts";
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
  /** A Compose file of the user's that is about to be written. */
  readonly base?: string | undefined;
}

/** Stated on every system: on Windows Compose would otherwise split COMPOSE_FILE at semicolons. */
export const SEPARATOR = ":";

/** In Compose's own order of search; any of the overrides goes with any of the others. */
export const BASE_FILES = ["compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml"] as const;
const OVERRIDES = [
  "compose.override.yml",
  OVERRIDE_FILE,
  "docker-compose.override.yml",
  "docker-compose.override.yaml",
] as const;

/** The user's Compose files and ours in Compose's order, relative to the folder; and which of them is ours. */
export type ComposeFiles = Pick<Workspace, "composeFiles" | "stackFile">;

/** Returns the Compose files that plain `docker compose` reads. */
export function composeFilesIn(
  dir: string,
  env: Readonly<Record<string, string>>,
  { discovery, shell = {}, base }: DiscoveryOptions = {},
): ComposeFiles {
  const stackFile = stackFileIn(dir, env, discovery, base);
  const value = env.COMPOSE_FILE && expanded(env.COMPOSE_FILE, { ...env, ...shell });
  const stated = statedFiles(dir, { ...env, ...defined({ COMPOSE_FILE: value }) }, stackFile);
  const files = stated?.map((file) => relativeTo(dir, file)) ?? foundBeside(dir, stackFile, base);
  const [first] = files.filter((file) => file !== stackFile);
  if (first?.match(/[/\\]/)) {
    // Compose resolves every relative path, ours too, from the folder of the first file.
    throw new CodedError("GC1103", `COMPOSE_FILE in .env begins with ${first}, which is in another folder`, {
      remedy: "Run init in that folder, or put a Compose file of this folder first.",
    });
  }
  return { composeFiles: files.includes(stackFile) ? files : [...files, stackFile], stackFile };
}

function foundBeside(dir: string, stackFile: string, base: string | undefined): string[] {
  const [override] = usersOverrides(dir);
  const first = stackFile === ALONE_FILE ? ALONE_FILE : (usersBase(dir) ?? base);
  return first === undefined || override === undefined
    ? [first].filter((file) => file !== undefined)
    : [first, override];
}

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
  return (
    path === STACK_FILE || (path === OVERRIDE_FILE && isOurOverride(dir)) || (path === ALONE_FILE && isOurs(dir, path))
  );
}

/** Returns the names that a Compose file of ours may have in what Compose noted about a container. */
export const stackFileNames = ({ composeFiles, stackFile }: Pick<Workspace, "composeFiles" | "stackFile">): string[] =>
  STACK_FILES.filter((name) => name === stackFile || !composeFiles.includes(name));

/** Returns what COMPOSE_FILE of .env lists, where a former name of our file is replaced by the new one. */
function statedFiles(dir: string, env: Readonly<Record<string, string>>, stackFile: string): string[] | undefined {
  if (!env.COMPOSE_FILE) return undefined;
  const isFormer = (file: string) => file !== stackFile && isOurFile(dir, file);
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
export const composeFilesFoundIn = (dir: string): string[] =>
  usersBase(dir) === undefined ? [] : foundBeside(dir, STACK_FILE, undefined);

const usersBase = (dir: string): string | undefined =>
  BASE_FILES.find((name) => existsSync(join(dir, name)) && !(name === ALONE_FILE && isOurs(dir, name)));

/** Returns the override files of the user's. Compose reads only the first of all that are there. */
export const usersOverrides = (dir: string): string[] =>
  OVERRIDES.filter((name) => existsSync(join(dir, name)) && !(name === OVERRIDE_FILE && isOurOverride(dir)));

/** Returns true where the override file is managed, or the link that earlier versions made. */
export const isOurOverride = (dir: string): boolean => isOurs(dir, OVERRIDE_FILE) || isFormerLink(dir, OVERRIDE_FILE);

const isOurs = (dir: string, name: string): boolean =>
  name in readManifest(dir).files || isMadeByUs(readIfThere(join(dir, name)) ?? "");

/** Earlier versions made a link with the name of an override file where a service reads .env. */
export function isFormerLink(dir: string, name: string): boolean {
  try {
    return readlinkSync(join(dir, name)) === STACK_FILE;
  } catch {
    return false;
  }
}

function stackFileIn(dir: string, env: Variables, wanted: Discovery | undefined, base: string | undefined): string {
  if (wanted === "env") return STACK_FILE;
  const isAlone = !env.COMPOSE_FILE && base === undefined && usersBase(dir) === undefined;
  if (isAlone) return wanted === undefined && hasStackFile(dir) ? STACK_FILE : ALONE_FILE;
  const [other] = usersOverrides(dir);
  if (wanted === undefined) return canOverride(dir, env, other) ? OVERRIDE_FILE : STACK_FILE;
  if (other === undefined) return OVERRIDE_FILE;
  throw new CodedError("GC1103", `${other} is yours, and Compose reads only one override file by itself`, {
    remedy: "Run init with --discovery env.",
  });
}

const hasStackFile = (dir: string): boolean =>
  STACK_FILE in readManifest(dir).files || existsSync(join(dir, STACK_FILE));

function canOverride(dir: string, env: Variables, other: string | undefined): boolean {
  const isStated = STACK_FILE in readManifest(dir).files && (env.COMPOSE_FILE?.includes(STACK_FILE) ?? false);
  if (isOurOverride(dir) && !isStated) return other === undefined || Boolean(env.COMPOSE_FILE);
  if (hasStackFile(dir) || env.COMPOSE_FILE || other !== undefined) return false;
  // Whoever has an override file that git ignores would lose it by ours: Compose reads only one.
  return !ignoresAny(dir, OVERRIDES);
}
