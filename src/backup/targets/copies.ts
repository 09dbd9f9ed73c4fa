import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { Transform, type TransformCallback } from "node:stream";
import { buffer, text } from "node:stream/consumers";
import { pipeline } from "node:stream/promises";
import { CodedError } from "../../base/errors.ts";
import { readIfThere } from "../../base/files.ts";
import { Secret } from "../../base/secret.ts";
import { referencedPath } from "../../base/user-folders.ts";
import type { Clock } from "../../base/wait.ts";
import { withoutLineEnd } from "../../config/secret-volumes.ts";
import { parseStackReference } from "../../config/secrets.ts";
import { openHttp } from "../../http/client.ts";
import { parseReference } from "../../references/reference.ts";
import { openReferences } from "../../references/resolver.ts";
import type { Workspace } from "../../workspace/index.ts";
import { type Backup, readBackup, sizeOfFiles, verifyBackup } from "../catalog.ts";
import { type BackupFolderContext, lockBackups } from "../create.ts";
import { beginBackup, freeBytes, removePartials, requireSpace } from "../folder.ts";
import { BACKUP_MANIFEST, parseManifest, timeOfBackup } from "../manifest.ts";
import { type BackupTarget, openTarget } from "./target.ts";

export interface DeclaredTargetContext {
  readonly workspace: Workspace;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** Opens the declared target and reads its secrets on this machine. Returns undefined where none is declared. */
export async function declaredTarget({
  workspace,
  ...context
}: DeclaredTargetContext): Promise<BackupTarget | undefined> {
  const target = workspace.declaration.backup?.target;
  if (target === undefined) return undefined;
  const [[kind, settings]] = Object.entries(target) as [[string, Readonly<Record<string, string>>], ...unknown[]];
  // Compose resolves such a variable from .env as well.
  const env = { ...workspace.env, ...context.env };
  const ofVault = await fromVault({ ...context, env }, workspace, settings, `backup.target.${kind}`);
  const secret = (setting: string): Secret => {
    const stated = settings[setting] ?? "";
    const reference = parseStackReference(stated);
    if (reference.kind === "vault") return ofVault[setting] ?? new Secret("");
    const path = reference.kind === "file" ? referencedPath(workspace.dir, reference.path) : "";
    const found = reference.kind === "env" ? env[reference.name] : readIfThere(path);
    const value = withoutLineEnd(found ?? "");
    if (value !== "") return new Secret(value);
    throw new CodedError("GC1107", `backup.target.${kind}.${setting}: ${stated} holds nothing`, {
      remedy: reference.kind === "env" ? `Set ${reference.name}.` : `Write it into ${reference.path}.`,
    });
  };
  return openTarget(target, { ...context, openHttp, secret });
}

/** Returns the settings that are references to secrets of a Vault, with their values. */
async function fromVault(
  context: Omit<DeclaredTargetContext, "workspace">,
  { dir, declaration: { vault } }: Workspace,
  settings: Readonly<Record<string, string>>,
  at: string,
): Promise<Readonly<Record<string, Secret>>> {
  const wanted = Object.entries(settings).filter(([, text]) => parseReference(text)?.kind === "vault");
  const references = openReferences({ ...context, dir, vault });
  try {
    const read = wanted.map(async ([key, text]) => [key, await references.resolve(text, `${at}.${key}`)] as const);
    return Object.fromEntries(await Promise.all(read));
  } finally {
    await references.close();
  }
}

/**
 * Copies a backup to the target. The manifest is stored last: a copy without one is not complete. Throws GC1807 unless
 * the target returns that manifest.
 */
export async function uploadBackup(target: BackupTarget, { path, manifest }: Backup): Promise<void> {
  for (const file of manifest.files) {
    await target.put(`${manifest.name}/${file.path}`, { file: join(path, file.path) });
  }
  const key = `${manifest.name}/${BACKUP_MANIFEST}`;
  const file = join(path, BACKUP_MANIFEST);
  await target.put(key, { file });
  const stored = await target.fetch(key);
  if (stored !== undefined && (await buffer(stored)).equals(await readFile(file))) return;
  throw new CodedError(
    "GC1807",
    `${target.place}${key} was stored, but what is read back is ${stored ? "another" : "nothing"}`,
    {
      remedy: "Check that the target's address is right, and that its user may read what it writes.",
    },
  );
}

/** Returns the names of the complete backups at the target, newest first. */
export async function listUploaded(target: BackupTarget): Promise<string[]> {
  const names = (await target.list("glitchtip-")).flatMap((key) => {
    const [name = "", file] = key.split("/");
    return file === BACKUP_MANIFEST && timeOfBackup(name) !== undefined ? [name] : [];
  });
  return names.sort().reverse();
}

/** Fetches a backup into the folder and verifies it. Does nothing where it is there already. */
export async function fetchBackup(target: BackupTarget, context: BackupFolderContext, wanted: string): Promise<Backup> {
  const { folder, signal, log } = context;
  const name = wanted === "latest" ? (await listUploaded(target))[0] : wanted;
  if (name === undefined || timeOfBackup(name) === undefined) throw notThere(wanted);
  const path = join(folder, name);
  if (existsSync(path)) return readBackup(path);
  const stored = await target.fetch(`${name}/${BACKUP_MANIFEST}`);
  if (stored === undefined) throw notThere(name);
  const manifest = parseManifest(await text(stored), `${target.place}${name}/`);
  await using _ = await lockBackups(context);
  removePartials(folder);
  requireSpace(`${name} in ${folder}`, sizeOfFiles(manifest), await freeBytes(folder));
  const partial = beginBackup(folder, name);
  try {
    for (const file of manifest.files) {
      log.step(`fetching ${file.path}`);
      const key = `${name}/${file.path}`;
      const content = await target.fetch(key);
      if (content === undefined) throw new CodedError("GC1803", `${target.place}${key} is missing at the target`, {});
      const limit = new ByteLimit(file.bytes, `${target.place}${key}`);
      await partial.write(file.path, (to) => pipeline(content, limit, to, { signal }));
    }
    await verifyBackup({ path: partial.path, manifest }, signal);
    return { path: partial.finish(manifest), manifest };
  } catch (error) {
    partial.discard();
    throw error;
  }
}

/** Passes at most `bytes` on, and fails with GC1803 at the first one more: the manifest's sizes were checked for space. */
class ByteLimit extends Transform {
  #left: number;
  readonly #what: string;

  constructor(bytes: number, what: string) {
    super();
    this.#left = bytes;
    this.#what = what;
  }

  override _transform(chunk: Buffer, _: BufferEncoding, done: TransformCallback): void {
    this.#left -= chunk.length;
    if (this.#left >= 0) done(null, chunk);
    else
      done(
        new CodedError("GC1803", `${this.#what} is longer than the backup's manifest says`, {
          remedy: "Take another one: npx glitchtip-compose backup list --target",
        }),
      );
  }
}

const notThere = (name: string): CodedError =>
  new CodedError("GC1803", `the target has no backup ${name}`, {
    remedy: "npx glitchtip-compose backup list --target",
  });
