import { mkdirSync } from "node:fs";
import { quietly } from "../base/files.ts";
import { type BackupPlace, backupFolderOf } from "../config/backup-place.ts";
import { workspaceIdentity } from "./images.ts";
import type { Workspace } from "./workspace.ts";

type Variables = Readonly<Record<string, string | undefined>>;

/** Returns what names the place of a workspace's backups. The shell's COMPOSE_PROJECT_NAME wins, as in Compose. */
export function backupPlaceOf(
  workspace: Pick<Workspace, "dir" | "composeProjectName" | "instance" | "declaration">,
  shell: Variables,
): BackupPlace {
  const { dir, project, instance } = workspaceIdentity(workspace, shell);
  return { dir, project, instance, folder: workspace.declaration.backup?.folder };
}

/**
 * Makes the default folder of scheduled backups for this user: where it is missing, the engine makes it, and its parents, for
 * root. A folder that cannot be made is left to the engine.
 */
export function makeBackupFolder(workspace: Workspace, shell: Variables): void {
  const { backup } = workspace.declaration;
  if (backup?.schedule === undefined || backup.folder !== undefined) return;
  const folder = backupFolderOf(backupPlaceOf(workspace, shell), workspace.env);
  quietly(() => mkdirSync(folder, { recursive: true, mode: 0o700 }));
}
