import { chmodSync, existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { makeParentBelow } from "../../base/contained-path.ts";
import { CodedError } from "../../base/errors.ts";
import { readIfThere, writeAll } from "../../base/files.ts";
import { Secret } from "../../base/secret.ts";
import { readUserText, writeUserFile } from "../../base/user-file.ts";
import { loadDeclaration } from "../../config/load.ts";
import type { Declaration } from "../../config/schema.ts";
import {
  ADMIN_PASSWORD,
  MADE_SECRETS,
  type MadeSecret,
  SECRET_NAMES_VARIABLE,
  withoutLineEnd,
} from "../../config/secret-volumes.ts";
import type { Docker } from "../../docker/index.ts";
import { observeStack, openStackSecrets } from "../../running/index.ts";
import { isMadeByUs, SECRETS_FOLDER, STACK_FILE, STACK_FILES } from "../../stack/managed-files.ts";
import { SETUP } from "../../stack/service-names.ts";
import {
  BASE_FILES,
  composeFilesIn,
  DECLARATION_FILE,
  type Discovery,
  parseEnv,
  setVariable,
} from "../../workspace/index.ts";
import type { Backup } from "../catalog.ts";
import { type DecryptionKey, decryptFiles, type WorkspaceFile } from "../encryption.ts";
import { ENCRYPTED_FILES, STATE_FILE, WORKSPACE_FOLDER } from "../manifest.ts";
import { ENV_NAMES, MADE_NAMES, secretPath } from "../stack-sources.ts";

/** What a backup holds beside database and uploads. Secret files are missing where no key was given. */
export interface BackupContents {
  readonly files: readonly WorkspaceFile[];
  /** The provisioner's state.json. */
  readonly state: string | undefined;
}

/** Reads the files of a backup, the encrypted ones where a key is given. Throws GC1806 for a wrong key. */
export async function openContents(
  { path, manifest }: Backup,
  key: DecryptionKey | undefined,
): Promise<BackupContents> {
  // A file that the manifest does not list has no checksum and is not used.
  const listed = (name: string) => (manifest.files.some((file) => file.path === name) ? join(path, name) : undefined);
  const encrypted = listed(ENCRYPTED_FILES);
  const opened = key === undefined || encrypted === undefined ? [] : await decryptFiles(readFileSync(encrypted), key);
  const below = `${WORKSPACE_FOLDER}/`;
  const read = (name: string): WorkspaceFile => ({
    path: name,
    content: readFileSync(join(path, name), "utf8"),
    mode: /with-dsn$/.test(name) ? 0o755 : 0o644,
  });
  const plain = manifest.files.filter((file) => file.path.startsWith(below)).map((file) => read(file.path));
  const byPath = new Map([...plain, ...opened].map((file) => [file.path, file]));
  const files = [...byPath.values()].filter((file) => file.path.startsWith(below));
  const plainState = listed(STATE_FILE);
  const state =
    opened.find((file) => file.path === STATE_FILE)?.content ??
    (plainState === undefined ? undefined : readIfThere(plainState));
  return { files: files.map((file) => ({ ...file, path: file.path.slice(below.length) })), state };
}

/** Returns the secrets that the stack of a workspace has; none before its files are there. */
export async function secretsInVolumes(docker: Docker, dir: string): Promise<Set<MadeSecret>> {
  if (!STACK_FILES.some((name) => isStackFile(name, readIfThere(join(dir, name))))) return new Set();
  const { config } = await observeStack(docker);
  if (config.services[SETUP] === undefined) return new Set();
  const secrets = openStackSecrets(docker);
  const found = await Promise.all(
    MADE_NAMES.map(async (name) => ((await secrets.read(name)) === undefined ? [] : [name])),
  );
  return new Set(found.flat());
}

/** Writes the backup's secrets into their volumes where these are empty. Returns the names of the written ones. */
export async function writeMissingSecrets(docker: Docker, dir: string, contents: BackupContents): Promise<string[]> {
  const there = await secretsInVolumes(docker, dir);
  const wanted = MADE_NAMES.flatMap((name) => {
    const file = contents.files.find(({ path }) => path === secretPath(name));
    return file === undefined || there.has(name) ? [] : [[name, new Secret(withoutLineEnd(file.content))] as const];
  });
  const known = (await observeStack(docker)).config.services[SETUP]?.environment?.[SECRET_NAMES_VARIABLE] ?? "";
  const written = wanted.filter(([name]) => known.split(" ").includes(name));
  if (written.length > 0) await openStackSecrets(docker).write(Object.fromEntries(written), "missing");
  return written.map(([name]) => MADE_SECRETS[name].name);
}

/** Returns a line for each file or secret that the stack needs and that is neither there nor in the backup. */
export function missingFiles(dir: string, { files }: BackupContents, there: ReadonlySet<MadeSecret>): string[] {
  const has = (path: string) => existsSync(join(dir, path)) || files.some((file) => file.path === path);
  const content = (path: string) =>
    readIfThere(join(dir, path)) ?? files.find((file) => file.path === path)?.content ?? "";
  if (!has(DECLARATION_FILE)) return [`there is no ${DECLARATION_FILE}, and the backup has none`];
  const { admin } = loadDeclaration(content(DECLARATION_FILE), DECLARATION_FILE);
  const env = parseEnv(mergedEnv(dir, files));
  // The stack of a workspace that is there makes new ones; elsewhere the old stack may still have its own.
  const secrets = existsSync(join(dir, DECLARATION_FILE)) ? [] : absentSecrets(admin, dir, files, there);
  const base = BASE_FILES.find((name) => files.some(({ path, content }) => path === name && !isMadeByUs(content)));
  return [
    ...composeFilesIn(dir, env, { discovery: discoveryOf(dir, files), base })
      .composeFiles.filter((path) => !has(path))
      .map((path) => `${path}: copy it here; Compose reads it`),
    ...secrets.map(
      (name) => `${MADE_SECRETS[name].name}: write it into ${secretPath(name)}; the next up takes it over from there`,
    ),
  ];
}

/** One of our names is ours alone; the others may belong to the user. */
const isStackFile = (path: string, text: string | undefined): boolean =>
  text !== undefined && (path === STACK_FILE || (STACK_FILES.includes(path) && isMadeByUs(text)));

/** Returns how the workspace of the backup was found by Compose; undefined where this folder has a workspace already. */
function discoveryOf(dir: string, files: BackupContents["files"]): Discovery | undefined {
  if (existsSync(join(dir, DECLARATION_FILE))) return undefined;
  const ours = files.find(({ path, content }) => isStackFile(path, content));
  return ours && (ours.path === STACK_FILE ? "env" : "override");
}

/** Returns the secrets that are neither in their volumes nor in the backup. A new database may have any password. */
function absentSecrets(
  admin: Declaration["admin"],
  dir: string,
  files: readonly WorkspaceFile[],
  there: ReadonlySet<MadeSecret>,
): MadeSecret[] {
  const has = (path: string) => existsSync(join(dir, path)) || files.some((file) => file.path === path);
  const secrets: MadeSecret[] = [
    ...(admin !== undefined && admin.password === undefined ? [ADMIN_PASSWORD] : []),
    "glitchtip_secret_key",
  ];
  return secrets.filter((name) => !there.has(name) && !has(secretPath(name)));
}

const NEW_SECRET_EFFECTS: Readonly<Partial<Record<MadeSecret, string>>> = {
  glitchtip_admin_password: "the administrator gets a new password: npx glitchtip-compose password",
  glitchtip_secret_key: "a new secret key is created: everybody has to sign in again, and DSNs stay valid",
};

/** Returns a line for each secret that a restore makes anew, because it is neither in its volume nor in the backup. */
export function newSecretNotes(dir: string, { files }: BackupContents, there: ReadonlySet<MadeSecret>): string[] {
  const text = readIfThere(join(dir, DECLARATION_FILE));
  if (text === undefined) return [];
  const { admin } = loadDeclaration(text, DECLARATION_FILE);
  return absentSecrets(admin, dir, files, there).flatMap((name) => NEW_SECRET_EFFECTS[name] ?? []);
}

/** Writes the files that the workspace does not have yet, except secrets, and returns the paths of the written ones. */
export function writeMissingFiles(dir: string, { files }: BackupContents): string[] {
  const all = files.map((file) => (file.path === ".env" ? { ...file, content: mergedEnv(dir, files) } : file));
  const [env] = all.filter(({ path, content }) => path === ".env" && readUserText(join(dir, path)) !== content);
  const secrets = MADE_NAMES.map(secretPath);
  const wanted = all.filter(({ path }) => path !== ".env" && !secrets.includes(path) && !existsSync(join(dir, path)));
  const located = wanted.map((file) => ({ ...file, path: makeParentBelow(dir, file.path) }));
  if (wanted.some(({ path }) => path.startsWith(`${SECRETS_FOLDER}/`))) chmodSync(join(dir, SECRETS_FOLDER), 0o700);
  // A backup may come from elsewhere: no special bits, and nobody but the owner may write.
  writeAll(located.map(({ path, content, mode }) => ({ path, content, mode: mode & 0o755 })));
  if (env !== undefined) writeUserFile(join(dir, env.path), env.content);
  return all.filter((file) => file === env || wanted.includes(file)).map(({ path }) => path);
}

/**
 * Merges the backup's .env into the one of the workspace, whose own lines win. Leaves COMPOSE_PROJECT_NAME out: it
 * belongs to the old stack, which may still run on this machine.
 */
function mergedEnv(dir: string, files: readonly WorkspaceFile[]): string {
  const own = readUserText(join(dir, ".env"));
  const theirs = files.find(({ path }) => path === ".env");
  if (own === undefined) return (theirs?.content ?? "").replaceAll(/^COMPOSE_PROJECT_NAME=.*\r?\n?/gm, "");
  const there = parseEnv(own);
  const values = parseEnv(theirs?.content ?? "");
  return ENV_NAMES.filter((name) => name !== "COMPOSE_PROJECT_NAME" && !there[name] && values[name]).reduce(
    (text, name) => setVariable(text, name, values[name] ?? ""),
    own,
  );
}

/** Returns the files of the workspace that have another content in the backup. A restore leaves them as they are. */
export const differingFiles = (dir: string, { files }: BackupContents): string[] =>
  files
    .filter(({ path, content }) => path !== ".env" && (readIfThere(join(dir, path)) ?? content) !== content)
    .map(({ path }) => path);

/** Throws GC1804 with each file and secret that is missing. */
export function requireCompleteWorkspace(dir: string, contents: BackupContents, there: ReadonlySet<MadeSecret>): void {
  const problems = missingFiles(dir, contents, there);
  if (problems.length === 0) return;
  throw new CodedError("GC1804", `${dir} and the backup together lack files that the stack needs`, {
    problems,
    remedy: "Copy these files there, or use a backup that was created with --include-secrets. Nothing was changed.",
  });
}
