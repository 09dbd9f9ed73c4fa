import { existsSync, readdirSync, rmdirSync, rmSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { CodedError } from "../base/errors.ts";
import { explainWriteError, quietly, readIfThere } from "../base/files.ts";
import { readUserText, writeUserFile } from "../base/user-file.ts";
import { privateFolder, removePrivateFolder } from "../outputs/private-folder.ts";
import { dotenvEdits } from "../running/index.ts";
import { isMadeByUs, OVERRIDE_FILE, STACK_FILES } from "../stack/managed-files.ts";
import { DECLARATION_FILE } from "./declaration-file.ts";
import { composeFilesIn, isFormerLink, listsOurs, splitFiles, statedWithoutOurs } from "./discovery.ts";
import { parseEnv } from "./env-file.ts";
import { envWithoutOurs } from "./env-record.ts";
import { hashOf, readManifest, WORKSPACE_MANIFEST_FILE } from "./manifest.ts";

const FOLDER = ".glitchtip";
const SECRETS = ".glitchtip/secrets";
const ENV_FILE = ".env";

export interface UninstallPlan {
  readonly dir: string;
  /** Files and folders, relative to the workspace; a folder ends in a slash. */
  readonly removed: readonly string[];
  /** Files of the user's that lose our lines, with their new texts. */
  readonly changed: readonly { readonly path: string; readonly before: string; readonly after: string }[];
  /** What stays, and why. */
  readonly kept: readonly { readonly path: string; readonly why: string }[];
  /** The folder outside of the workspace with tokens and secrets of this user's; undefined where there is none. */
  readonly privateFolder?: string;
  /** The user's Compose files that are left. Without one nothing can start the Compose project again. */
  readonly composeFiles: readonly string[];
}

export interface UninstallOptions {
  readonly keepDeclaration?: boolean;
  /** The volumes stay, so the secrets that open them have to stay, too. */
  readonly keepData?: boolean;
}

/** Plans how the files of the workspace become what they were before `init`. Throws GC1108 where there was none. */
export function planUninstall(dir: string, options: UninstallOptions = {}): UninstallPlan {
  const manifest = readManifest(dir);
  if (!manifest.there && !isThere(dir, DECLARATION_FILE)) {
    throw new CodedError("GC1108", `${dir} has nothing to uninstall: neither ${DECLARATION_FILE} nor ${FOLDER}`, {
      remedy: "Name the workspace's folder with -C.",
    });
  }
  const { files, made = {} } = manifest;
  const ejected = Object.keys(files).filter((path) => files[path]?.ejected && isThere(dir, path));
  const fates: Fate[] = [
    ...ejected.map((path) => ({ path, why: "yours since eject" })),
    ...managedOutside(dir, manifest),
    ...Object.entries(made).flatMap(([path, hash]) => (path === DECLARATION_FILE ? [] : fateOfMade(dir, path, hash))),
    ...fateOfDeclaration(dir, made, options),
    ...(isThere(dir, FOLDER) ? [{ path: `${FOLDER}/` }] : []),
    ...(options.keepData && isThere(dir, SECRETS)
      ? [{ path: SECRETS, why: "needed to open the data that stays" }]
      : []),
  ];
  const outside = isThere(privateFolder(dir), "") ? privateFolder(dir) : undefined;
  const env = ejected.some((path) => STACK_FILES.includes(path))
    ? undefined
    : plannedEnv(dir, Object.hasOwn(made, "compose.yaml"));
  const dotenv = dotenvEdits(dir, { apps: {} });
  const isEnvMade = env !== undefined && env.after === undefined;
  const removed = [
    ...(isEnvMade ? [ENV_FILE] : []),
    ...dotenv.flatMap(({ path, after }) => (after === undefined ? [path] : [])),
    ...fates.flatMap(({ path, why }) => (why === undefined ? [path] : [])),
  ];
  return {
    dir,
    removed,
    changed: [
      ...(env?.after === undefined ? [] : [{ path: ENV_FILE, before: env.before, after: env.after }]),
      ...dotenv.flatMap(({ path, before = "", after }) => (after === undefined ? [] : [{ path, before, after }])),
    ],
    kept: [
      ...fates.flatMap(({ path, why }) => (why === undefined ? [] : [{ path, why }])),
      ...(outside !== undefined && options.keepData
        ? [{ path: outside, why: "needed to open the data that stays" }]
        : []),
    ],
    ...(outside !== undefined && !options.keepData && { privateFolder: outside }),
    composeFiles: composeFilesOf(dir).filter((path) => existsSync(resolve(dir, path)) && !removed.includes(path)),
  };
}

/** Returns the Compose files of the folder with ours. Those of COMPOSE_FILE in .env count as well where `init` refuses them. */
function composeFilesOf(dir: string): readonly string[] {
  const env = parseEnv(readUserText(join(dir, ENV_FILE)) ?? "");
  try {
    return composeFilesIn(dir, env).composeFiles;
  } catch {
    return splitFiles(env.COMPOSE_FILE ?? "", env);
  }
}

/** What becomes of a path: it is removed, or kept for a reason. */
interface Fate {
  readonly path: string;
  readonly why?: string;
}

/** Returns what becomes of our files beside `.glitchtip`. Our Compose file is known by its first line. */
function managedOutside(dir: string, { files, there }: ReturnType<typeof readManifest>): Fate[] {
  const isOurs = (path: string) => isMadeByUs(readIfThere(join(dir, path)) ?? "");
  const managed = Object.keys(files).filter((path) => !path.startsWith(`${FOLDER}/`) && !files[path]?.ejected);
  const paths = there ? managed : STACK_FILES.filter(isOurs);
  return [
    ...paths
      .filter((path) => isThere(dir, path))
      .map((path) => (STACK_FILES.includes(path) && !isOurs(path) ? { path, why: "not created by init" } : { path })),
    ...(isFormerLink(dir, OVERRIDE_FILE) ? [{ path: OVERRIDE_FILE }] : []),
  ];
}

function fateOfMade(dir: string, path: string, hash: string): Fate[] {
  const text = readIfThere(join(dir, path));
  if (text === undefined) return [];
  return [hashOf(text) === hash ? { path } : { path, why: "edited since init created it" }];
}

function fateOfDeclaration(
  dir: string,
  made: Readonly<Record<string, string>>,
  { keepDeclaration }: UninstallOptions,
): Fate[] {
  const path = DECLARATION_FILE;
  if (!isThere(dir, path)) return [];
  if (keepDeclaration) return [{ path, why: "--keep-declaration" }];
  return [made[path] === undefined ? { path, why: "init did not create it" } : { path }];
}

/** Returns undefined where .env has nothing of ours; `after` is undefined where the file was made by us. */
function plannedEnv(dir: string, hasSample: boolean): { before: string; after: string | undefined } | undefined {
  const before = readUserText(join(dir, ENV_FILE));
  if (before === undefined) return undefined;
  const env = parseEnv(before);
  const composeFile = env.COMPOSE_FILE === undefined ? undefined : statedWithoutOurs(dir, env);
  const values = { GLITCHTIP_PORT: "", ...(hasSample && { APP_PORT: "" }) };
  const isListed = listsOurs(dir, env);
  const after = envWithoutOurs(dir, before, { composeFile, values, isListed, keepsChanged: false });
  return after === before ? undefined : { before, after };
}

const isThere = (dir: string, path: string): boolean =>
  statSync(join(dir, path), { throwIfNoEntry: false }) !== undefined;

/**
 * Removes and changes the files. The manifest goes last, so that a run that was killed can be repeated; the folders of the
 * files that were removed go where nothing else is in them.
 */
export function applyUninstall({ dir, removed, changed, kept, privateFolder: outside }: UninstallPlan): void {
  if (outside !== undefined) removePrivateFolder(dir);
  for (const { path, after } of changed) writeUserFile(join(dir, path), after);
  for (const path of removed) {
    try {
      if (path.endsWith("/")) removeFolder(dir, path.slice(0, -1), new Set(kept.map((one) => one.path)));
      else rmSync(join(dir, path), { force: true });
    } catch (error) {
      throw explainWriteError(error, join(dir, path));
    }
    const [folder, ...rest] = path.split("/");
    if (rest.some((name) => name !== "")) quietly(() => rmdirSync(join(dir, folder ?? "")));
  }
}

/** Removes what is in the folder but for these paths, the manifest last. */
function removeFolder(dir: string, folder: string, kept: ReadonlySet<string>): void {
  const names = readdirSync(join(dir, folder)).map((name) => `${folder}/${name}`);
  const isLast = (path: string) => path === WORKSPACE_MANIFEST_FILE;
  for (const path of names.toSorted((a, b) => Number(isLast(a)) - Number(isLast(b)))) {
    if (kept.has(path)) continue;
    const holdsKept = [...kept].some((one) => one.startsWith(`${path}/`));
    if (holdsKept) removeFolder(dir, path, kept);
    else rmSync(join(dir, path), { recursive: true, force: true });
  }
  quietly(() => rmdirSync(join(dir, folder)));
}
