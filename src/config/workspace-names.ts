import { basename, join, resolve } from "node:path";
import { parse } from "yaml";
import { readIfThere } from "../base/files.ts";
import { backupFolderOf, backupNamesIn, formerBackupFolder } from "./backup-place.ts";

/** The names of a workspace that completion offers. Each is read only where it is asked for. */
export interface WorkspaceNames {
  services(): readonly string[];
  apps(): readonly string[];
  projects(): readonly string[];
  servers(): readonly string[];
  alerts(): readonly string[];
  backups(): readonly string[];
}

/** Returns the Compose project's name: the stated one, else Compose's own rule for a folder. */
export const composeProjectNameOf = (dir: string, name: string | undefined): string =>
  name ??
  basename(dir)
    .toLowerCase()
    .replace(/[^-_a-z0-9]/g, "")
    .replace(/^[-_]+/, "");

/** The user's Compose files by their usual names; an unusual one in COMPOSE_FILE is found by `.env`. */
const COMPOSE_FILES = ["compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml"];

/** Reads names from the files of a workspace, however broken they are: a key press is no place for errors. */
export function workspaceNames(dir: string): WorkspaceNames {
  const declaration = () => read(join(dir, "glitchtip.yaml"));
  return {
    apps: () => Object.keys(asMap(declaration().apps)),
    projects: () => Object.keys(asMap(declaration().projects)),
    servers: () => Object.keys(asMap(declaration().servers)),
    services: () => [...new Set(composeFiles(dir).flatMap((path) => Object.keys(asMap(read(path).services))))],
    alerts() {
      const lists = Object.values(asMap(declaration().projects)).map((project) => asMap(project).alerts);
      return [...new Set(lists.flat().flatMap((alert) => asMap(alert).name ?? []))].map(String);
    },
    backups() {
      const { folder } = asMap(declaration().backup);
      const named = folder === undefined ? {} : { folder: String(folder) };
      const place = {
        dir,
        project: composeProjectNameOf(dir, statedProjectName(dir)),
        instance: instanceOf(dir),
        ...named,
      };
      const folders = [backupFolderOf(place), formerBackupFolder(place) ?? []].flat();
      return [...new Set(folders.flatMap(backupNamesIn))].sort().reverse();
    },
  };
}

/** Returns the name of the Compose project that .env or a Compose file states. */
function statedProjectName(dir: string): string | undefined {
  const [, stated] = /^COMPOSE_PROJECT_NAME=["']?([^"'\n]+)/m.exec(textOf(join(dir, ".env"))) ?? [];
  if (stated !== undefined) return stated;
  const named = composeFiles(dir).flatMap((path) => read(path).name ?? []);
  return named.length === 0 ? undefined : String(named[0]);
}

function instanceOf(dir: string): string | undefined {
  return /"instance": "([0-9a-f]{16})"/.exec(textOf(join(dir, ".glitchtip/manifest.json")))?.[1];
}

function composeFiles(dir: string): string[] {
  const [, stated] = /^COMPOSE_FILE=["']?([^"'\n]+)/m.exec(textOf(join(dir, ".env"))) ?? [];
  return (stated?.split(/[:;]/) ?? COMPOSE_FILES).map((path) => resolve(dir, path));
}

type Values = Readonly<Record<string, unknown>>;

const asMap = (value: unknown): Values =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Values) : {};

function read(path: string): Values {
  try {
    return asMap(parse(textOf(path), { logLevel: "silent" }));
  } catch {
    return {};
  }
}

function textOf(path: string): string {
  try {
    return readIfThere(path) ?? "";
  } catch {
    return "";
  }
}
