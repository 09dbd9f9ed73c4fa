import { chmodSync, existsSync, mkdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { CodedError } from "../../base/errors.ts";
import { readIfThere, writeAll } from "../../base/files.ts";
import { readUserText, writeUserFile } from "../../base/user-file.ts";
import { loadDeclaration } from "../../config/load.ts";
import { SECRETS_FOLDER } from "../../stack/render.ts";
import { composeFilesIn, DECLARATION_FILE, parseEnv, setVariable } from "../../workspace/index.ts";
import type { Backup } from "../catalog.ts";
import { PROJECT_FOLDER, SECRETS, STATE } from "../manifest.ts";
import { decryptFiles, type Key, type ProjectFile } from "../secrets.ts";
import { ENV_NAMES } from "../stack-sources.ts";

/** What a backup brings beside database and uploads, opened as far as the key goes. */
export interface Contents {
  /** The project's, without those that are secret and could not be opened. */
  readonly files: readonly ProjectFile[];
  readonly state: string | undefined;
}

export async function openContents({ path, manifest }: Backup, key: Key | undefined): Promise<Contents> {
  const opened = key === undefined ? [] : await decryptFiles(readFileSync(join(path, SECRETS)), key);
  const below = `${PROJECT_FOLDER}/`;
  const read = (name: string): ProjectFile => ({
    path: name,
    content: readFileSync(join(path, name), "utf8"),
    mode: /with-dsn$/.test(name) ? 0o755 : 0o644,
  });
  const plain = manifest.files.filter((file) => file.path.startsWith(below)).map((file) => read(file.path));
  const byPath = new Map([...plain, ...opened].map((file) => [file.path, file]));
  const files = [...byPath.values()].filter((file) => file.path.startsWith(below));
  const state = opened.find((file) => file.path === STATE)?.content ?? readIfThere(join(path, STATE));
  return { files: files.map((file) => ({ ...file, path: file.path.slice(below.length) })), state };
}

/** What the folder would need that is neither there nor in the backup; one line each. */
export function missingFiles(dir: string, { files }: Contents): string[] {
  const has = (path: string) => existsSync(join(dir, path)) || files.some((file) => file.path === path);
  const content = (path: string) =>
    readIfThere(join(dir, path)) ?? files.find((file) => file.path === path)?.content ?? "";
  if (!has(DECLARATION_FILE)) return [`there is no ${DECLARATION_FILE}, and the backup has none`];
  const { admin, server } = loadDeclaration(content(DECLARATION_FILE), DECLARATION_FILE);
  const env = parseEnv(mergedEnv(dir, files));
  const secrets = [
    ...(admin !== undefined && admin.password === undefined ? ["admin_password"] : []),
    ...(server.database === "bundled" ? ["db_password"] : []),
    "secret_key",
  ].map((name) => `${SECRETS_FOLDER}/${name}`);
  return [
    ...composeFilesIn(dir, env)
      .filter((path) => !has(path))
      .map((path) => `${path}: copy it here; Compose reads it`),
    // A new database may have any password; its accounts are those of the backup.
    ...secrets.filter((path) => !has(path)).map((path) => `${path}: copy it from where the backup was made`),
  ];
}

/** Writes what is not there yet; nothing that is there is changed. Gives the paths that were written. */
export function writeMissing(dir: string, { files }: Contents): string[] {
  const all = files.map((file) => (file.path === ".env" ? { ...file, content: mergedEnv(dir, files) } : file));
  const [env] = all.filter(({ path, content }) => path === ".env" && readUserText(join(dir, path)) !== content);
  const wanted = all.filter(({ path }) => path !== ".env" && !existsSync(join(dir, path)));
  for (const { path } of wanted) mkdirSync(dirname(join(dir, path)), { recursive: true });
  if (wanted.some(({ path }) => path.startsWith(SECRETS_FOLDER))) chmodSync(join(dir, SECRETS_FOLDER), 0o700);
  writeAll(wanted.map(({ path, content, mode }) => ({ path: join(dir, path), content, mode })));
  if (env !== undefined) writeUserFile(join(dir, env.path), env.content);
  return all.filter((file) => file === env || wanted.includes(file)).map(({ path }) => path);
}

/** The folder's own lines win; the project's name stays out: it is the old stack's, which may still run here. */
function mergedEnv(dir: string, files: readonly ProjectFile[]): string {
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

/** Files of the folder that the backup has with another content: they stay as they are. */
export const differingFiles = (dir: string, { files }: Contents): string[] =>
  files
    .filter(({ path, content }) => path !== ".env" && (readIfThere(join(dir, path)) ?? content) !== content)
    .map(({ path }) => path);

/** Throws GC1804 with each file that would be needed. */
export function requireFiles(dir: string, contents: Contents): void {
  const problems = missingFiles(dir, contents);
  if (problems.length === 0) return;
  throw new CodedError("GC1804", `${dir} and the backup together do not make a project`, {
    problems,
    remedy: "Copy these there, or take a backup that was made with --include-secrets. Nothing was changed.",
  });
}
