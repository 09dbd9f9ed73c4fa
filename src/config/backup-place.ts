import { existsSync, readdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { dataHome } from "../base/user-folders.ts";

/** Earlier versions kept backups here where no folder is declared. Those that are there are still used. */
const FORMER_FOLDER = "backups";
/** The name of a backup. A further word, as of one that is being written, makes another name. */
const BACKUP_NAME = /^glitchtip-\d{8}-\d{6}Z$/;

/** What names the place of backups: the Compose project, and the workspace's instance id where it has one. */
export interface BackupPlace {
  readonly dir: string;
  readonly project: string;
  readonly instance?: string | undefined;
  /** The declared folder. */
  readonly folder?: string | undefined;
}

const placeName = (project: string, instance: string | undefined): string =>
  instance === undefined ? project : `${project}-${instance}`;

/**
 * Returns the default folder of backups as Compose reads it: outside of the workspace, which is a build context and a bind
 * mount, too, and no volume, which `docker compose down --volumes` would take along with the data.
 */
export const defaultBackupSource = (instance: string | undefined): string =>
  // biome-ignore lint/suspicious/noTemplateCurlyInString: Compose's variables
  `\${XDG_DATA_HOME:-~/.local/share}/glitchtip-compose/${placeName("${COMPOSE_PROJECT_NAME}", instance)}/backups`;

/** Returns the folder that new backups go to. Variables of .env count as they do for Compose. */
export function backupFolderOf(
  { dir, project, instance, folder }: BackupPlace,
  dotEnv: Readonly<Record<string, string | undefined>> = {},
): string {
  if (folder !== undefined) return resolve(dir, folder);
  return resolve(dir, dataHome(dotEnv), "glitchtip-compose", placeName(project, instance), "backups");
}

/** Returns the folder of an earlier version's backups, or undefined where a folder is declared or it holds none. */
export function formerBackupFolder({ dir, folder }: Pick<BackupPlace, "dir" | "folder">): string | undefined {
  const path = join(dir, FORMER_FOLDER);
  return folder === undefined && backupNamesIn(path).length > 0 ? path : undefined;
}

/** Returns the names of the backups in a folder; none where it cannot be read. */
export function backupNamesIn(folder: string): string[] {
  try {
    return existsSync(folder) ? readdirSync(folder).filter((name) => BACKUP_NAME.test(name)) : [];
  } catch {
    return [];
  }
}
