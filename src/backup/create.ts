import { createReadStream } from "node:fs";
import { join } from "node:path";
import type { Writable } from "node:stream";
import { CodedError } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import type { Clock } from "../base/wait.ts";
import { acquireLock } from "../outputs/lock.ts";
import { type Backup, listBackups } from "./catalog.ts";
import type { Database, DatabaseFacts } from "./database.ts";
import { beginBackup, freeBytes, mebibytes, type PartialBackup, removePartials, requireSpace } from "./folder.ts";
import {
  DUMP,
  differences,
  type Manifest,
  newManifest,
  PROJECT_FOLDER,
  type Reason,
  SECRETS,
  STATE,
  UPLOADS,
} from "./manifest.ts";
import { nameAt } from "./name.ts";
import type { ProjectFile, Seal } from "./secrets.ts";

/** Where a backup's parts come from: the running stack by Docker, or the volumes of the backup service. */
export interface BackupSources {
  readonly about: Pick<Manifest, "project" | "tool" | "glitchtip">;
  readonly database: Database;
  /** A tar archive of the folder `uploads`. */
  uploads(to: Writable): Promise<void>;
  /** The provisioner's state.json, whole. */
  state(): Promise<string | undefined>;
  /** What anybody may read who may read the project. */
  files(): readonly ProjectFile[];
  /** What goes in encrypted only. */
  secretFiles(): readonly ProjectFile[];
}

export interface BackupContext {
  readonly sources: BackupSources;
  /** Where backups are kept. */
  readonly folder: string;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly log: Log;
}

export interface BackupOptions {
  readonly reason: Reason;
  /** Restores it into a database that is dropped again, and compares. */
  readonly verify: boolean;
  readonly secrets?: Seal;
}

const WAIT_FOR_OTHERS_MS = 60_000;
/** For the manifest, the project's files and a little more. */
const SMALL_FILES_BYTES = 1_048_576;
const GROWTH = 1.2;

/** Makes one backup, whole or not at all. What a killed run has left is removed first. */
export async function createBackup(context: BackupContext, options: BackupOptions): Promise<Backup> {
  const { folder, clock, signal, log, sources } = context;
  await using _ = await lockBackups(context);
  removePartials(folder);
  await checkSpace(folder, await sources.database.facts());
  const partial = beginBackup(folder, freeName(folder, clock.now()));
  try {
    log.step("dumping the database");
    const facts = await partial.write(DUMP, (to) => sources.database.dump(to));
    // After the dump: a file that its rows tell of is there by then.
    log.step("copying the uploads");
    await partial.write(UPLOADS, (to) => sources.uploads(to));
    await writeProject(partial, sources, options.secrets);
    signal.throwIfAborted();
    if (options.verify) await tryRestore(partial, sources.database, facts, log);
    const manifest = manifestOf(partial, sources, facts, options, clock.now());
    return { path: partial.finish(manifest), manifest };
  } catch (error) {
    partial.discard();
    throw error;
  }
}

/** One at a time in a folder, whoever makes it; a folder that can hold no socket (a network's) does without. */
export async function lockBackups({ folder, ...context }: LockContext, holder = "backup"): Promise<AsyncDisposable> {
  try {
    return await acquireLock(folder, {
      ...context,
      deadlineMs: WAIT_FOR_OTHERS_MS,
      holder,
      remedy: "Wait for it to end, then run it again.",
    });
  } catch (error) {
    if (!(error instanceof CodedError) || error.code !== "GC1501") throw error;
    context.log.debug(`${folder} cannot be locked: ${error.message}`);
    return { async [Symbol.asyncDispose]() {} };
  }
}

type LockContext = Pick<BackupContext, "folder" | "clock" | "signal" | "log">;

/** Two in one second: names are times. */
function freeName(folder: string, nowMs: number): string {
  const [newest] = listBackups(folder);
  return nameAt(Math.max(nowMs, (newest?.atMs ?? 0) + 1_000));
}

/** By the last one's size, else by the database's own, which a compressed dump stays below. */
async function checkSpace(folder: string, { bytes }: DatabaseFacts): Promise<void> {
  const last = listBackups(folder).find(({ problem }) => problem === undefined);
  const needed = (last === undefined ? bytes : last.bytes * GROWTH) + SMALL_FILES_BYTES;
  requireSpace(`a backup in ${folder}`, needed, await freeBytes(folder));
}

async function writeProject(partial: PartialBackup, sources: BackupSources, seal: Seal | undefined): Promise<void> {
  const state = await sources.state();
  // The token is made anew by whoever knows the admin's password.
  if (state !== undefined) await partial.text(STATE, withoutToken(state));
  for (const { path, content } of sources.files()) await partial.text(`${PROJECT_FOLDER}/${path}`, content);
  if (seal === undefined) return;
  const whole = state === undefined ? [] : [{ path: STATE, content: state, mode: 0o600 }];
  const secret = sources.secretFiles().map((file) => ({ ...file, path: `${PROJECT_FOLDER}/${file.path}` }));
  await partial.text(SECRETS, await seal.close([...whole, ...secret]));
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
      "the database's user may not make another database, so no trial restore is possible",
      {
        remedy: "As its administrator: ALTER ROLE … CREATEDB. Or do without: --no-verify",
      },
    );
  }
  if (free !== undefined) requireSpace("a trial restore beside the database", expected.bytes * GROWTH, free);
  const found = await database.tryRestore(createReadStream(join(partial.path, DUMP)));
  const problems = differences(expected.tables, found.tables);
  if (problems.length === 0) return;
  throw new CodedError("GC1802", "the trial restore did not give what was dumped", { problems });
}

function manifestOf(
  { path, files }: PartialBackup,
  { about }: BackupSources,
  { version, major, tables, bytes, systemId }: DatabaseFacts,
  { reason, verify, secrets }: BackupOptions,
  nowMs: number,
): Manifest {
  return newManifest({
    name: path.replace(/^.*[\\/]/, "").replace(/\.partial$/, ""),
    createdAt: new Date(nowMs).toISOString(),
    reason,
    ...about,
    postgres: { version, major },
    database: { bytes, tables, ...(systemId === undefined ? {} : { systemId }) },
    secrets: secrets?.by ?? "none",
    verified: verify ? "trial restore" : "no",
    files: [...files],
  });
}

/** For people: what it holds. */
export const describeBackup = ({ manifest }: Backup): string => {
  const bytes = manifest.files.reduce((sum, file) => sum + file.bytes, 0);
  const rows = Object.values(manifest.database.tables).reduce((sum, table) => sum + table.rows, 0);
  return `${mebibytes(bytes)}, ${Object.keys(manifest.database.tables).length} tables, ${rows} rows`;
};
