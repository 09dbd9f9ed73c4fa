import { spawnSync } from "node:child_process";
import { existsSync, readlinkSync, realpathSync } from "node:fs";
import { isAbsolute, join, relative, resolve } from "node:path";
import { CodedError } from "../base/errors.ts";
import { readIfThere } from "../base/files.ts";
import { interpolate } from "../compose/interpolate.ts";
import { isMadeByUs, OVERRIDE_FILE, STACK_FILE, STACK_FILES } from "../stack/managed-files.ts";
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
  const stated = statedFiles(dir, env, stackFile);
  const files = stated?.map((file) => relativeTo(dir, expanded(file, { ...env, ...shell }))) ?? composeFilesFoundIn(dir);
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

export const separatorIn = (env: Readonly<Record<string, string>>): string => env.COMPOSE_PATH_SEPARATOR ?? SEPARATOR;

/** Returns true where COMPOSE_FILE of .env says no more than what Compose finds by itself beside our file. */
export function statesOnlyOurs(dir: string, env: Readonly<Record<string, string>>, stackFile: string): boolean {
  const others = statedFiles(dir, env, stackFile)?.filter((file) => file !== stackFile);
  return others !== undefined && others.join("\n") === composeFilesFoundIn(dir).join("\n");
}

/** Returns true where the shell's COMPOSE_FILE, which wins over .env, makes Compose miss our file. */
export function shellLacksOurs(dir: string, stackFile: string, env: Variables, shell: Variables): boolean {
  if (!shell.COMPOSE_FILE) return false;
  const separator = shell.COMPOSE_PATH_SEPARATOR ?? env.COMPOSE_PATH_SEPARATOR ?? SEPARATOR;
  return !shell.COMPOSE_FILE.split(separator).some((file) => relativeTo(dir, file) === stackFile);
}

/** What keeps Compose from reading our file in this folder, and what to do about it. */
export interface DiscoveryProblem {
  readonly what: string;
  readonly fix: string;
}

type Found = Pick<Workspace, "dir" | "env" | "stackFile">;

/** Returns what makes plain `docker compose` miss our file, or undefined where it finds it. */
export function discoveryProblem({ dir, env, stackFile }: Found, shell: Variables): DiscoveryProblem | undefined {
  if (shellLacksOurs(dir, stackFile, env, shell)) {
    return {
      what: `COMPOSE_FILE=${shell.COMPOSE_FILE} in your shell lacks ${stackFile}, so Compose starts your services without GlitchTip`,
      fix: "unset COMPOSE_FILE",
    };
  }
  const isListed = env.COMPOSE_FILE?.split(separatorIn(env)).some((file) => relativeTo(dir, file) === stackFile);
  if (isListed || shell.COMPOSE_FILE || (!env.COMPOSE_FILE && stackFile === OVERRIDE_FILE)) return undefined;
  return {
    what: `COMPOSE_FILE in .env does not list ${stackFile}, so Compose starts your services without GlitchTip`,
    fix: "npx glitchtip-compose init",
  };
}

/** Throws GC1103 where Compose would start the services without our file. */
export function refuseMissedStackFile(workspace: Found, shell: Variables): void {
  const problem = discoveryProblem(workspace, shell);
  if (problem === undefined) return;
  throw new CodedError("GC1103", `${problem.what}; nothing was started`, { remedy: problem.fix });
}

/** Returns the names that a Compose file of ours may have in what Compose noted about a container. */
export const stackFileNames = ({ composeFiles, stackFile }: Pick<Workspace, "composeFiles" | "stackFile">): string[] =>
  STACK_FILES.filter((name) => name === stackFile || !composeFiles.includes(name));

/** Returns what COMPOSE_FILE of .env lists, where a former name of our file is replaced by the new one. */
function statedFiles(dir: string, env: Readonly<Record<string, string>>, stackFile: string): string[] | undefined {
  if (!env.COMPOSE_FILE) return undefined;
  const isFormer = (file: string) =>
    stackFile === OVERRIDE_FILE ? file === STACK_FILE : file === OVERRIDE_FILE && isOurOverride(dir);
  const files = env.COMPOSE_FILE.split(separatorIn(env));
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
function relativeTo(dir: string, path: string): string {
  const full = resolve(dir, path);
  const bases = [resolve(dir), existsSync(dir) ? realpathSync(dir) : dir];
  const below = bases.map((base) => relative(base, full)).find((found) => !found.startsWith("..") && !isAbsolute(found));
  return below === undefined || below === "" ? path : below.replaceAll("\\", "/");
}

/** Returns the files of the user's that Compose finds by itself. */
export function composeFilesFoundIn(dir: string): string[] {
  const first = NAMES.find((name) => existsSync(join(dir, name)));
  if (first === undefined) return [];
  const [override] = usersOverrides(dir);
  return override === undefined ? [first] : [first, override];
}

const usersOverrides = (dir: string): string[] =>
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
  return isIgnoredByGit(dir, OVERRIDE_FILE) ? STACK_FILE : OVERRIDE_FILE;
}

/** Returns true where git would not commit the file. Without git, and outside of a repository, nothing is ignored. */
export function isIgnoredByGit(dir: string, path: string): boolean {
  const { status } = spawnSync("git", ["check-ignore", "--quiet", "--", path], {
    cwd: dir,
    stdio: "ignore",
    timeout: 5_000,
  });
  return status === 0;
}
