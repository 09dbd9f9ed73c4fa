import { createHash } from "node:crypto";
import { join, posix } from "node:path";
import { defined } from "../base/defined.ts";
import { readIfThere } from "../base/files.ts";
import { STACK_FILES } from "../stack/managed-files.ts";

export const WORKSPACE_MANIFEST_FILE = ".glitchtip/manifest.json";
const OURS = ".glitchtip/";

/** What is known about one managed file. */
export interface ManifestEntry {
  /** Hashes of the texts that we wrote there, the newest first. */
  readonly ours: readonly string[];
  /** Hash of the text that was put beside an edited file as FILE.new. */
  readonly offered?: string;
  /** Hash of the last merge of the user's text and ours. */
  readonly merged?: string;
  /** The user's own since `eject`: never written again. */
  readonly ejected?: true;
}

export type ManifestEntries = Readonly<Record<string, ManifestEntry>>;

export const hashOf = (text: string): string => createHash("sha256").update(text).digest("hex");

/** What is committed about the managed files. */
export interface WorkspaceManifest {
  /** Made by the first `init`; undefined for a workspace from before. */
  readonly instance?: string;
  /** Hashes of the files that `init` made and that belong to the user from then on, by path. */
  readonly made?: Readonly<Record<string, string>>;
  readonly files: ManifestEntries;
}

/** Read from the text, because the id has to outlive a manifest that a merge of branches has damaged. */
const INSTANCE = /"instance": "([0-9a-f]{16})"/;

/** Reads the manifest. One that cannot be parsed counts as none: files that differ are then treated as edited, and none is lost. */
export function readManifest(dir: string): WorkspaceManifest & { readonly there: boolean } {
  const text = readIfThere(join(dir, WORKSPACE_MANIFEST_FILE));
  const instance = INSTANCE.exec(text ?? "")?.[1];
  return { ...defined({ instance }), ...parsed(text), there: text !== undefined };
}

interface ParsedManifest {
  readonly made?: Readonly<Record<string, unknown>>;
  readonly files?: Readonly<Record<string, Partial<ManifestEntry>>>;
}

function parsed(text = "{}"): Pick<WorkspaceManifest, "made" | "files"> {
  try {
    const { made = {}, files = {} } = JSON.parse(text) as ParsedManifest;
    const paths = Object.entries(made).filter(([path, hash]) => isMadeOnce(path) && typeof hash === "string");
    // It is committed, so a merge of branches or a person may have left anything in it: paths that are not ours are ignored.
    const entries = Object.entries(files).filter(([path, entry]) => isManagedPath(path) && Array.isArray(entry?.ours));
    return {
      ...(paths.length > 0 && { made: Object.fromEntries(paths) as Record<string, string> }),
      files: Object.fromEntries(entries) as ManifestEntries,
    };
  } catch {
    return { files: {} };
  }
}

/** The paths that `init` may make for the user; any other is not ours to remove. */
const isMadeOnce = (path: string): boolean => ["glitchtip.yaml", "compose.yaml", "app/server.mjs"].includes(path);

const isManagedPath = (path: string): boolean =>
  STACK_FILES.includes(path) ||
  (path.startsWith(OURS) && posix.normalize(path) === path && !/^\.glitchtip\/(?:secrets|env|base)\//.test(path));

export const manifestText = (tool: string, { instance, made, files }: WorkspaceManifest): string =>
  `${JSON.stringify({ version: 1, tool, ...defined({ instance, made }), files }, null, 2)}\n`;
