import { basename, isAbsolute, join, posix, relative, resolve } from "node:path";
import dockerignore from "@balena/dockerignore";
import { readIfThere } from "../base/files.ts";
import type { FolderUse } from "../compose/folder-uses.ts";
import { formerBackupFolder } from "../config/backup-place.ts";
import { isStackService } from "../stack/service-names.ts";
import type { Workspace } from "./workspace.ts";

/** A service of the user's whose image or container gets the backups or our folder. */
export interface Exposure {
  readonly service: string;
  readonly kind: FolderUse["kind"];
  /** What gets them, such as: the build context ".". */
  readonly what: string;
  /** The folders that it gets, relative to the workspace where they lie in it. */
  readonly folders: readonly string[];
  /** Where the lines have to be added: a .dockerignore, or the service's `volumes`. */
  readonly where: string;
  readonly lines: readonly string[];
}

type ExposedWorkspace = Pick<Workspace, "dir" | "declaration" | "user">;

/** Returns the services that copy or mount `.glitchtip` or the backups, unless they are ignored or hidden there. */
export function exposures({ dir, declaration, user }: ExposedWorkspace): Exposure[] {
  const { folder } = declaration.backup ?? {};
  const backups = folder === undefined ? formerBackupFolder({ dir }) : resolve(dir, folder);
  const kept = [resolve(dir, ".glitchtip"), ...(backups === undefined ? [] : [backups])];
  return Object.entries(user.services)
    .filter(([name]) => !isStackService(name))
    .flatMap(([service, { folders = [] }]) =>
      folders.flatMap((use) => {
        const covered = kept.filter((path) => covers(resolve(dir, use.path), path));
        const open = use.kind === "volume" ? [] : covered.filter((path) => !isLeftOut(dir, use, folders, path));
        return open.length === 0 ? [] : [{ service, kind: use.kind, ...described(dir, use, folders, open) }];
      }),
    );
}

/** Returns the sentence of an exposure, and what to do about it. */
export const exposureText = ({ service, what, folders }: Exposure): string =>
  `${service} gets ${folders.join(" and ")} with ${what}`;

export const exposureRemedy = ({ where, lines, folders }: Exposure): string => {
  const hasBackups = folders.some((folder) => basename(folder) !== ".glitchtip");
  return `Add to ${where}: ${lines.join(", ")}${hasBackups ? "; or keep backups elsewhere." : "."}`;
};

/** Returns the warning about an exposure: what it is, why it matters, and what to do about it. */
export function exposureWarning(exposure: Exposure): string {
  const { kind, folders, where } = exposure;
  const isBuild = kind === "build context" || kind === "additional context";
  const holder = isBuild ? "an image that is built from it contains" : "its container can read";
  const contents = folders.map((folder) =>
    basename(folder) === ".glitchtip" ? "the generated programs" : "the backups",
  );
  const effect =
    isBuild && contents.includes("the generated programs")
      ? ", which change at each upgrade and so invalidate the build cache"
      : "";
  // A compromised app could change what other containers of the stack execute.
  const change = kind === "bind mount" ? ", and change them unless the mount is read-only" : "";
  const isOptional = kind === "bind mount" && !contents.includes("the backups");
  const urgency = isOptional ? " GlitchTip works either way: this is optional until `check --production`." : "";
  const yours = where.endsWith(".dockerignore") ? ` The file is yours: create it if it is not there.` : "";
  return `${exposureText(exposure)}: ${holder} ${contents.reverse().join(" and ")}${effect}${change}.${urgency} ${exposureRemedy(exposure)}${yours}`;
}

/** A folder that is named itself is meant. */
const covers = (folder: string, path: string): boolean => {
  const below = relative(folder, path);
  return below !== "" && !below.startsWith("..") && !isAbsolute(below);
};

const shown = (dir: string, path: string): string =>
  covers(dir, path) || path === dir ? relative(dir, path) || "." : path;

function described(
  dir: string,
  use: FolderUse,
  all: readonly FolderUse[],
  open: readonly string[],
): Omit<Exposure, "service" | "kind"> {
  const folder = resolve(dir, use.path);
  const folders = open.map((path) => shown(dir, path));
  const what = `the ${use.kind === "watch" ? "watched folder" : use.kind} "${shown(dir, folder)}"`;
  const below = open.map((path) => relative(folder, path));
  if (use.kind === "bind mount") {
    const lines = below.map((path) => `- ${posix.join(use.target ?? "/", path)}`);
    return { what, folders, where: "its volumes, which hides them", lines };
  }
  if (use.kind === "watch" && contextOf(dir, all) === undefined) {
    return { what, folders, where: "the watch's ignore", lines: below };
  }
  const context = use.kind === "watch" ? (contextOf(dir, all) ?? folder) : folder;
  const file = ignoreFile(context, use.kind === "build context" ? use.dockerfile : undefined).path;
  return { what, folders, where: shown(dir, file), lines: open.map((path) => relative(context, path)) };
}

const contextOf = (dir: string, all: readonly FolderUse[]): string | undefined => {
  const found = all.find(({ kind }) => kind === "build context");
  return found && resolve(dir, found.path);
};

// A CommonJS module whose types state an ES module's default.
const ignoreList = dockerignore as unknown as typeof dockerignore.default;

/** Names of files below a folder: one of ours is enough for an image to hold a secret. */
const SAMPLES = ["state/state.json", "secrets/secret_key", "glitchtip-20260101-000000Z/database.dump"];

function isLeftOut(dir: string, use: FolderUse, all: readonly FolderUse[], path: string): boolean {
  const folder = resolve(dir, use.path);
  if (use.kind === "bind mount") {
    const inside = posix.join(use.target ?? "/", relative(folder, path));
    return all.some(({ target, ...other }) => {
      const hides = target !== undefined && (target === inside || covers(target, inside));
      return hides && target !== use.target && !(other.kind === "bind mount" && covers(resolve(dir, other.path), path));
    });
  }
  if (use.kind === "watch") {
    if (ignores((use.ignore ?? []).join("\n"), relative(folder, path))) return true;
    const context = contextOf(dir, all);
    if (context === undefined || !covers(context, path)) return false;
    return ignores(ignoreFile(context).text, relative(context, path));
  }
  return ignores(ignoreFile(folder, use.dockerfile).text, relative(folder, path));
}

const ignores = (patterns: string, folder: string): boolean => {
  const list = ignoreList({ ignorecase: false }).add(patterns);
  return SAMPLES.every((sample) => list.ignores(join(folder, sample)));
};

/** Returns the file that says what a context leaves out: the Dockerfile's own wins over the context's. */
function ignoreFile(context: string, dockerfile = "Dockerfile"): { readonly path: string; readonly text: string } {
  const own = `${resolve(context, dockerfile)}.dockerignore`;
  const text = readIfThere(own);
  if (text !== undefined) return { path: own, text };
  const path = join(context, ".dockerignore");
  return { path, text: readIfThere(path) ?? "" };
}
