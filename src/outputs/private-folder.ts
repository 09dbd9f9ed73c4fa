import { createHash } from "node:crypto";
import { chmodSync, existsSync, mkdirSync, readFileSync, realpathSync, rmdirSync, rmSync } from "node:fs";
import { homedir } from "node:os";
import { basename, dirname, isAbsolute, join, relative, sep } from "node:path";
import { CodedError } from "../base/errors.ts";
import { quietly, writeOne } from "../base/files.ts";
import { stateHome } from "../base/user-folders.ts";

/** What the command line keeps of a workspace, each in a folder of its own. */
export type PrivatePart = "provision" | "apply" | "provider" | "servers" | "secrets";

/** The path of an earlier version, relative to the workspace. */
const FORMER_FOLDERS: Readonly<Partial<Record<PrivatePart, string>>> = {
  provision: ".glitchtip/state",
  apply: ".glitchtip/state/apply",
  provider: ".glitchtip/secrets/provider",
};
const FORMER_FILES = ["state.json", "invitations.tsv"];

/**
 * Returns the folder in which the command line keeps the tokens, invitations and secrets of a workspace. It is not in the
 * workspace, because that is a build context, a git checkout and a bind mount, too. It need not exist.
 */
export function privateFolder(dir: string, home: string = stateHome()): string {
  const real = existsSync(dir) ? realpathSync(dir) : dir;
  const hash = createHash("sha256").update(real).digest("hex").slice(0, 12);
  const name = basename(real).replace(/[^\w.-]/g, "_") || "root";
  return join(home, "glitchtip-compose", `${name}-${hash}`);
}

/**
 * Creates the folder for a part, closed to others, and moves what an earlier version kept in the workspace there. Returns
 * its path. Throws GC1501 where it cannot be made.
 */
export function openPrivateFolder(dir: string, part: PrivatePart): string {
  const folder = join(privateFolder(dir), part);
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    for (const path of [dirname(folder), folder]) chmodSync(path, 0o700);
  } catch (cause) {
    throw new CodedError("GC1501", `${folder} cannot be created, and tokens are kept there and not in ${dir}`, {
      remedy: "Set XDG_STATE_HOME to a folder in which you may write.",
      cause,
    });
  }
  const former = FORMER_FOLDERS[part];
  if (former !== undefined) takeOver(join(dir, former), folder);
  return folder;
}

/** Returns the folder of a part for a reader: nothing is made, and an earlier version's is read where it was. */
export function readablePrivateFolder(dir: string, part: keyof typeof FORMER_FOLDERS): string {
  const folder = join(privateFolder(dir), part);
  const former = join(dir, FORMER_FOLDERS[part] ?? "");
  const isMoved = existsSync(join(folder, "state.json")) || !existsSync(join(former, "state.json"));
  return isMoved ? folder : former;
}

/** Moves the files. One that is there already counts: the other one is what a killed run has left. */
function takeOver(former: string, folder: string): void {
  for (const name of FORMER_FILES.filter((one) => existsSync(join(former, one)))) {
    const path = join(folder, name);
    if (!existsSync(path)) writeOne(path, readFileSync(join(former, name), "utf8"), 0o600);
    rmSync(join(former, name));
  }
  // A folder that holds something else stays.
  if (existsSync(join(former, ".gitignore")) && basename(former) !== "state") rmSync(join(former, ".gitignore"));
  quietly(() => rmdirSync(former));
}

/** Removes what the command line keeps of a workspace. */
export function removePrivateFolder(dir: string): void {
  rmSync(privateFolder(dir), { recursive: true, force: true });
}

/** Returns the reference of a declaration to a file: relative to the home folder where it lies there, as Compose reads it. */
export function referenceToFile(path: string): string {
  const below = relative(homedir(), path);
  const isInHome = below !== "" && !below.startsWith("..") && !isAbsolute(below);
  return `file:${isInHome ? `~/${below.split(sep).join("/")}` : path}`;
}
