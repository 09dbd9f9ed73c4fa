import { createReadStream } from "node:fs";
import { basename, join } from "node:path";
import type { Writable } from "node:stream";
import { formatSize } from "../base/byte-size.ts";
import { counted } from "../base/counted.ts";
import { CodedError } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import type { Clock } from "../base/wait.ts";
import { acquireLock } from "../outputs/lock.ts";
import { type Backup, listBackups, sizeOfFiles } from "./catalog.ts";
import type { Database, DatabaseFacts } from "./database/database.ts";
import type { FileEncryption, WorkspaceFile } from "./encryption.ts";
import { beginBackup, freeBytes, type PartialBackup, removePartials, requireSpace } from "./folder.ts";
import {
  type BackupManifest,
  type BackupReason,
  backupNameAt,
  DUMP_FILE,
  ENCRYPTED_FILES,
  newManifest,
  PARTIAL,
  STATE_FILE,
  tableDifferences,
  UPLOADS_ARCHIVE,
  WORKSPACE_FOLDER,
} from "./manifest.ts";
import { checkUploads } from "./uploads-archive.ts";

/** The source of a backup's parts: they are read from the running stack by Docker, or from the backup service's volumes. */
export interface BackupSources {
  readonly about: Pick<BackupManifest, "project" | "tool" | "glitchtip">;
  readonly database: Database;
  /** Writes a tar archive of the folder `uploads`. */
  uploads(to: Writable): Promise<void>;
  /** Returns the provisioner's state.json with everything in it. */
  state(): Promise<string | undefined>;
  /** Files of the workspace that hold no secret. */
  files(): readonly WorkspaceFile[];
  /** The stack's secrets, and files of the workspace, that are backed up only when they can be encrypted. */
  secretFiles(): Promise<readonly WorkspaceFile[]>;
  /** What the server keeps where no backup reaches; missing where nobody can tell. */
  elsewhere?(): Promise<readonly string[]>;
}

export interface BackupContext {
  readonly sources: BackupSources;
  /** The folder in which backups are kept. */
  readonly folder: string;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly log: Log;
}

/** What a change of the backups' folder needs. */
export type BackupFolderContext = Omit<BackupContext, "sources">;

export interface BackupOptions {
  readonly reason: BackupReason;
  /** Whether the dump is restored into a database that is dropped again, and compared. */
  readonly verify: boolean;
  /** Without it, files with secrets are left out. */
  readonly encryption?: FileEncryption;
}

const LOCK_WITHIN_MS = 60_000;
/** Space for the manifest, the workspace's files and a little more. */
const SMALL_FILES_BYTES = 1_048_576;
const GROWTH_FACTOR = 1.2;

/** Makes one backup, whole or not at all. Removes first what a killed run has left. */
export async function createBackup(context: BackupContext, options: BackupOptions): Promise<Backup> {
  const { folder, clock, signal, log, sources } = context;
  await using _ = await lockBackups(context);
  removePartials(folder);
  await checkSpace(folder, await sources.database.facts());
  const partial = beginBackup(folder, freeName(folder, clock.now()));
  try {
    log.step("dumping the database");
    const facts = await partial.write(DUMP_FILE, (to) => sources.database.dump(to));
    // Uploads are copied after the dump, so that every file that a row names is there.
    log.step("copying the uploads");
    await partial.write(UPLOADS_ARCHIVE, (to) => sources.uploads(to));
    await writeWorkspace(partial, sources, options.encryption);
    signal.throwIfAborted();
    if (options.verify) {
      await tryRestore(partial, sources.database, facts, log);
      await warnOfUploads(partial, signal, log);
    }
    const elsewhere = (await sources.elsewhere?.()) ?? [];
    const manifest = manifestOf(partial, { ...sources.about, elsewhere }, facts, options, clock.now());
    return { path: partial.finish(manifest), manifest };
  } catch (error) {
    partial.discard();
    throw error;
  }
}

/**
 * Locks a folder of backups against every other process. A folder that cannot hold a socket, such as one on a network,
 * is used without a lock.
 */
export async function lockBackups(
  { folder, ...context }: BackupFolderContext,
  holder = "backup",
): Promise<AsyncDisposable> {
  try {
    return await acquireLock(folder, {
      ...context,
      deadlineMs: LOCK_WITHIN_MS,
      holder,
      remedy: "Wait for it to end, then run the command again.",
    });
  } catch (error) {
    if (!(error instanceof CodedError) || error.code !== "GC1501") throw error;
    context.log.debug(`${folder} cannot be locked: ${error.message}`);
    return { async [Symbol.asyncDispose]() {} };
  }
}

/** Names have seconds: a second backup within one gets the next second. */
function freeName(folder: string, nowMs: number): string {
  const [newest] = listBackups(folder);
  return backupNameAt(Math.max(nowMs, (newest?.atMs ?? 0) + 1_000));
}

/** Expects the size of the last backup, or that of the database, which a compressed dump does not exceed. */
async function checkSpace(folder: string, { bytes }: DatabaseFacts): Promise<void> {
  const last = listBackups(folder).find(({ problem }) => problem === undefined);
  const needed = (last === undefined ? bytes : last.bytes * GROWTH_FACTOR) + SMALL_FILES_BYTES;
  requireSpace(`a backup in ${folder}`, needed, await freeBytes(folder));
}

async function writeWorkspace(
  partial: PartialBackup,
  sources: BackupSources,
  encryption: FileEncryption | undefined,
): Promise<void> {
  const state = await sources.state();
  // A restore needs no token: the provisioner mints a new one with the administrator's password.
  if (state !== undefined) await partial.text(STATE_FILE, withoutToken(state));
  for (const { path, content } of sources.files()) await partial.text(`${WORKSPACE_FOLDER}/${path}`, content);
  if (encryption === undefined) return;
  const whole = state === undefined ? [] : [{ path: STATE_FILE, content: state, mode: 0o600 }];
  const secret = (await sources.secretFiles()).map((file) => ({ ...file, path: `${WORKSPACE_FOLDER}/${file.path}` }));
  await partial.text(ENCRYPTED_FILES, await encryption.encrypt([...whole, ...secret]));
}

function withoutToken(state: string): string {
  try {
    const { token: _, refusedPassword: __, ...rest } = JSON.parse(state);
    return `${JSON.stringify(rest, null, 1)}\n`;
  } catch {
    return '{"version":1,"projects":{}}\n';
  }
}

async function tryRestore(partial: PartialBackup, database: Database, expected: DatabaseFacts, log: Log) {
  log.step("trial restore into a database of its own");
  const { mayCreate, freeBytes: free } = await database.room();
  if (!mayCreate) {
    throw new CodedError(
      "GC1802",
      "the database's user is not allowed to create another database, so no trial restore is possible",
      {
        remedy: "As its administrator: ALTER ROLE … CREATEDB. Or do without: --no-verify",
      },
    );
  }
  if (free !== undefined) requireSpace("a trial restore beside the database", expected.bytes * GROWTH_FACTOR, free);
  const found = await database.tryRestore(createReadStream(join(partial.path, DUMP_FILE)));
  const problems = tableDifferences(expected.tables, found.tables);
  if (problems.length === 0) return;
  throw new CodedError("GC1802", "the trial restore differs from what was dumped", { problems });
}

/** The database is worth a backup without the files that nobody could extract. */
async function warnOfUploads({ path }: PartialBackup, signal: AbortSignal, log: Log): Promise<void> {
  await checkUploads(join(path, UPLOADS_ARCHIVE), signal).catch((error: unknown) => {
    if (!(error instanceof CodedError)) throw error;
    log.warn(`a restore would refuse this backup for its uploads: ${error.problems.join("; ")}`);
  });
}

function manifestOf(
  { path, files }: PartialBackup,
  { elsewhere, ...about }: BackupSources["about"] & { readonly elsewhere: readonly string[] },
  { version, major, tables, bytes, systemId }: DatabaseFacts,
  { reason, verify, encryption }: BackupOptions,
  nowMs: number,
): BackupManifest {
  return newManifest({
    name: basename(path, PARTIAL),
    createdAt: new Date(nowMs).toISOString(),
    reason,
    ...about,
    postgres: { version, major },
    database: { bytes, tables, ...(systemId !== undefined && { systemId }) },
    secrets: encryption?.kind ?? "none",
    verified: verify ? "trial restore" : "no",
    files: [...files],
    ...(elsewhere.length > 0 && { elsewhere: [...elsewhere] }),
  });
}

/** Returns size, tables and rows of a backup in one line for people. */
export const describeBackup = ({ manifest }: Backup): string => {
  const tables = Object.values(manifest.database.tables);
  const rows = tables.reduce((sum, table) => sum + table.rows, 0);
  const size = formatSize(sizeOfFiles(manifest));
  return `${size}, ${counted(tables.length, "table")}, ${counted(rows, "row")}${missingIn({ manifest })}`;
};

/** Returns what the backup says that it lacks, for the end of a sentence; empty where it lacks nothing. */
export const missingIn = ({ manifest: { elsewhere = [] } }: Pick<Backup, "manifest">): string =>
  elsewhere.length === 0 ? "" : `; not in this backup: ${elsewhere.join(", ")}`;
