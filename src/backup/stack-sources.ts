import { existsSync, realpathSync, statSync } from "node:fs";
import { join, relative, resolve, sep } from "node:path";
import type { Writable } from "node:stream";
import { isContainedPath } from "../base/contained-path.ts";
import { CodedError } from "../base/errors.ts";
import { readIfThere } from "../base/files.ts";
import type { Log } from "../base/log.ts";
import type { Clock } from "../base/wait.ts";
import { backupFolderOf, formerBackupFolder } from "../config/backup-place.ts";
import { backupFolderProblem } from "../config/schema/backup.ts";
import { isMadeSecret, MADE_SECRETS, type MadeSecret } from "../config/secret-volumes.ts";
import { resolveServer } from "../config/server.ts";
import { type Docker, lastLines } from "../docker/index.ts";
import { containerOf, databaseContainer, dockerShell, observeStack, openStackSecrets } from "../running/index.ts";
import { SECRETS_FOLDER } from "../stack/managed-files.ts";
import { PROVISIONER, SERVER, SETUP } from "../stack/service-names.ts";
import { backupPlaceOf, DECLARATION_FILE, type Workspace } from "../workspace/index.ts";
import type { BackupFolders } from "./catalog.ts";
import type { BackupContext, BackupSources } from "./create.ts";
import { openDatabase } from "./database/database.ts";
import type { WorkspaceFile } from "./encryption.ts";
import { filesElsewhere } from "./files-elsewhere.ts";
import { STATE_FILE } from "./manifest.ts";

/** Folders in the containers of the server and of the provisioner. */
export const UPLOADS_DIR = "/code/uploads";
const STATE_DIR = "/state";

/** The variables in .env that are the tool's. The other lines are the user's and may hold secrets. */
export const ENV_NAMES: readonly string[] = [
  "COMPOSE_FILE",
  "COMPOSE_PATH_SEPARATOR",
  "COMPOSE_PROJECT_NAME",
  "GLITCHTIP_PORT",
  "GLITCHTIP_IMAGE",
  "GLITCHTIP_POSTGRES_IMAGE",
  "GLITCHTIP_VALKEY_IMAGE",
  "GLITCHTIP_NODE_IMAGE",
  "APP_PORT",
];

type Variables = Readonly<Record<string, string | undefined>>;

/** What every operation on a running stack's data needs. */
export interface StackContext {
  readonly docker: Docker;
  readonly workspace: Workspace;
  /** Variables of the shell; without them only .env names the Compose project. */
  readonly env?: Variables;
  readonly toolVersion: string;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly log: Log;
}

/**
 * Returns the folder of backups, by default the declared one, or else one outside of the workspace. Relative paths start at
 * the workspace. Throws GC1101 for a folder of the system, and for one that the workspace lies in.
 */
export function backupFolder(workspace: Workspace, shell: Variables = {}, given?: string): string {
  const { dir, env } = workspace;
  const folder = given === undefined ? backupFolderOf(backupPlaceOf(workspace, shell), env) : resolve(dir, given);
  const real = existsSync(folder) ? realpathSync(folder) : folder;
  const holdsWorkspace = !relative(real, resolve(dir)).startsWith("..");
  const problem = holdsWorkspace ? "holds this workspace's own files" : backupFolderProblem(real);
  if (problem === undefined) return folder;
  throw new CodedError("GC1101", `${folder} is no place for backups: ${real} ${problem}`, {
    remedy: "Give backups a folder of their own, such as /srv/backups/shop.",
  });
}

/** Returns the folders that backups are looked for in: that of new ones, and an earlier version's where it holds some. */
export function backupFolders(workspace: Workspace, shell: Variables = {}, given?: string): BackupFolders {
  const folder = backupFolder(workspace, shell, given);
  const former = given === undefined ? formerBackupFolder(backupPlaceOf(workspace, shell)) : undefined;
  return [folder, ...(former === undefined ? [] : [former])];
}

/** Opens the backups of a running stack. Throws GC1804 where the server is not part of the stack. */
export function stackBackups(
  context: StackContext,
  folder = backupFolder(context.workspace, context.env),
): BackupContext {
  if (resolveServer(context.workspace.declaration.server).server === undefined) {
    throw new CodedError(
      "GC1804",
      "this workspace's server is not part of the stack, so its data is not here to copy",
      {
        remedy: "Back it up where it runs.",
      },
    );
  }
  return { ...context, sources: stackSources(context), folder };
}

/** Reads the parts of a running stack by Docker, so the engine may be on another machine. */
function stackSources({ docker, workspace, toolVersion, signal }: StackContext): BackupSources {
  const { dir, env } = workspace;
  const shell = dockerShell(docker, () => databaseContainer(docker));
  return {
    about: aboutStack(workspace, toolVersion),
    database: openDatabase(shell, signal),
    async uploads(to: Writable) {
      const stack = await observeStack(docker);
      const server = containerOf(stack, SERVER);
      if (server === undefined) {
        throw new CodedError("GC1605", `${SERVER} has no container, so its uploads cannot be read`, {
          remedy: "docker compose up -d --wait",
        });
      }
      const copied = await docker.cli(["cp", "--follow-link", `${server.id}:${UPLOADS_DIR}`, "-"], {
        stdoutTo: to,
        signal,
      });
      if (copied.code === 0) return;
      throw new CodedError("GC1801", `${UPLOADS_DIR} of ${server.name} cannot be copied`, {
        problems: lastLines(copied.stderr, 3),
      });
    },
    async state() {
      const stack = await observeStack(docker);
      const provisioner = containerOf(stack, PROVISIONER);
      return provisioner && (await stack.engine.readFile(provisioner.id, `${STATE_DIR}/${STATE_FILE}`));
    },
    files: () => [
      file(dir, DECLARATION_FILE),
      { path: ".env", content: ownEnvText(env), mode: 0o644 },
      ...managedFiles(dir).flatMap((path) => (existsSync(join(dir, path)) ? [file(dir, path)] : [])),
    ],
    elsewhere: async () => filesElsewhere((await observeStack(docker)).config.services[SERVER]?.environment),
    secretFiles: async () => [...secretFiles(workspace), ...(await storedSecrets(docker, dir))],
  };
}

function aboutStack({ declaration, composeProjectName, env }: Workspace, tool: string): BackupSources["about"] {
  const { server } = resolveServer(declaration.server);
  return {
    tool,
    project: composeProjectName ?? "",
    glitchtip: {
      generation: server?.capabilities.generation ?? "",
      image: env.GLITCHTIP_IMAGE || (declaration.server.image ?? ""),
    },
  };
}

/** Returns .env, the user's Compose files and the referenced secrets, as far as they lie in `dir`. */
function secretFiles({ dir, declaration, composeFiles, stackFile }: Workspace): WorkspaceFile[] {
  const referenced = [...JSON.stringify(declaration).matchAll(/"file:([^"]+)"/g)].map(([, path = ""]) => path);
  const users = composeFiles.filter((path) => path !== stackFile);
  const paths = [".env", ...users, ...referenced].map((path) => inside(dir, path));
  return [...new Set(paths)].flatMap((path) =>
    path !== undefined && existsSync(join(dir, path)) ? [file(dir, path)] : [],
  );
}

/** The path that a secret of the stack has in a backup: the file in which earlier versions kept it. */
export const secretPath = (secret: MadeSecret): string => `${SECRETS_FOLDER}/${MADE_SECRETS[secret].name}`;

/** The secrets that a stack makes. */
export const MADE_NAMES = Object.keys(MADE_SECRETS).filter(isMadeSecret);

/** Returns the secrets in their volumes, or those of an earlier version that no setup service has taken over yet. */
async function storedSecrets(docker: Docker, dir: string): Promise<WorkspaceFile[]> {
  const secrets = openStackSecrets(docker);
  const { config } = await observeStack(docker);
  const found = MADE_NAMES.map(async (secret): Promise<WorkspaceFile[]> => {
    const stored = config.services[SETUP] === undefined ? undefined : await secrets.read(secret);
    const content = stored?.value.reveal() ?? readIfThere(join(dir, secretPath(secret)));
    return content === undefined ? [] : [{ path: secretPath(secret), content, mode: 0o444 }];
  });
  return (await Promise.all(found)).flat();
}

/** Returns the lines of .env that are the tool's. */
export const ownEnvText = (env: Readonly<Record<string, string | undefined>>): string =>
  ENV_NAMES.flatMap((name) => (env[name] ? [`${name}=${env[name]}\n`] : [])).join("");

const WORKSPACE_MANIFEST = ".glitchtip/manifest.json";

/** Returns the paths of the files that the tool has written and would write again. None of them holds a secret. */
export function managedFiles(dir: string): string[] {
  try {
    const { files = {} } = JSON.parse(readIfThere(join(dir, WORKSPACE_MANIFEST)) ?? "{}") as { files?: object };
    return [WORKSPACE_MANIFEST, ...Object.keys(files).filter(isContainedPath)];
  } catch {
    return [];
  }
}

function file(dir: string, path: string): WorkspaceFile {
  const full = join(dir, path);
  return { path, content: readIfThere(full) ?? "", mode: statSync(full).mode & 0o777 };
}

/** Returns the path relative to the workspace, or undefined for one that leads out of it. */
function inside(dir: string, path: string): string | undefined {
  const found = relative(dir, resolve(dir, path));
  return found.startsWith("..") || found.startsWith(sep) ? undefined : found.replaceAll(sep, "/");
}
