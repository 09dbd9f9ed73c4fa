import { readdirSync, rmdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { explainWriteError, type FileToWrite, orNotThere, quietly, readIfThere, writeAll } from "../base/files.ts";
import { dsnFile, dsnFolder } from "../config/dsn-volumes.ts";
import { type Known, rotatingIn } from "../glitchtip/identity.ts";

/** Every user of an app's container may read the file; no other app mounts its volume. */
const MODE = 0o444;

/** The result of the last run, without secrets: status.json in the folder that has the folders of the apps. */
export interface Status {
  readonly version: 1;
  /** `degraded`: the DSNs are good, but something is wrong; `failed`: this run could not confirm them. */
  readonly state: "ok" | "degraded" | "failed";
  readonly server?: { readonly version: string };
  readonly organization?: string;
  /** When an event last went through server and worker, as an ISO date. */
  readonly provedAt?: string;
  readonly apps: Readonly<Record<string, AppStatus>>;
  readonly error?: { readonly code: string; readonly message: string };
  /** Slugs of the projects whose key is being rotated. */
  readonly rotating?: readonly string[];
}

/** The status as it is in the file. */
export interface WrittenStatus extends Status {
  readonly at: string;
  /** When the env file of each app last changed: an app that started before has another DSN. */
  readonly writtenAt?: Readonly<Record<string, string>>;
}

export interface AppStatus {
  /** The project's slug and id. */
  readonly project: string;
  readonly projectId: string;
  /** The audience of each variable, by its name. */
  readonly variables: Readonly<Record<string, string>>;
  /** `proved`: an event went through server and worker; `accepted`: only the server was asked. */
  readonly dsn: "proved" | "accepted";
}

/**
 * Returns the env file of one app. In a stack whose Compose file an earlier version wrote and that its user keeps (an ejected
 * one, or one with edits in conflict) the app has no volume of its own, and reads its file in the folder above.
 */
function fileOf(folder: string, app: string, mounts: ReadonlySet<string>): string {
  const isOfEarlierVersion = mounts.has(folder) && !mounts.has(dsnFolder(folder, app));
  return isOfEarlierVersion ? join(folder, `${app}.env`) : dsnFile(folder, app);
}

/** Returns the places where something is mounted in this container; none on an operating system that does not tell. */
function mountPoints(): ReadonlySet<string> {
  const lines = (readIfThere("/proc/self/mountinfo") ?? "").split("\n");
  return new Set(lines.map((line) => line.split(" ")[4] ?? ""));
}

/**
 * Writes the env files of the apps and then the status, all or none. Returns true where something has changed; what has
 * not is not written. The status comes last, so that it never names a DSN that is not there.
 */
export function publish(
  folder: string,
  envFiles: Readonly<Record<string, string>>,
  status: Status,
  now: Date,
  mounts = mountPoints(),
): boolean {
  const at = now.toISOString();
  const last = readStatus(folder);
  const changed = Object.entries(envFiles)
    .map(([app, content]) => ({ app, path: fileOf(folder, app, mounts), content, mode: MODE }))
    .filter(({ path, content }) => readIfThere(path) !== content);
  const files: FileToWrite[] = [...changed];
  if (files.length > 0 || !sameStatus(last, status)) {
    const writtenAt = { ...last?.writtenAt, ...Object.fromEntries(changed.map(({ app }) => [app, at])) };
    const content = `${JSON.stringify({ ...status, at, writtenAt }, null, 1)}\n`;
    files.push({ path: statusPath(folder), content, mode: MODE });
  }
  writeAll(files);
  return files.length > 0;
}

/**
 * Copies the DSNs of an earlier version, which kept those of all apps in one folder, so that the last good ones are there
 * whatever becomes of this run. Returns the apps whose copy was made now: a container that was not recreated yet reads the
 * old file.
 */
export function takeOver(folder: string, apps: Iterable<string>, mounts = mountPoints()): string[] {
  const files = [...apps].flatMap((app) => {
    const content = readIfThere(join(folder, `${app}.env`));
    const path = fileOf(folder, app, mounts);
    return content === undefined || readIfThere(path) !== undefined ? [] : [{ app, path, content, mode: MODE }];
  });
  writeAll(files);
  return files.map(({ app }) => app);
}

/**
 * Removes the DSNs of apps that are no longer declared, and those that an earlier version kept in one folder unless they were
 * `takenOver` by this run: their files are emptied by this run and removed by the next. A container that was not recreated yet
 * has the old entrypoint and would not start without its file.
 */
export function retire(
  folder: string,
  declared: Iterable<string>,
  takenOver: readonly string[] = [],
  mounts = mountPoints(),
): void {
  const known = new Set(declared);
  const kept = new Set([
    ...takenOver.map((app) => join(folder, `${app}.env`)),
    ...[...known].map((app) => fileOf(folder, app, mounts)),
  ]);
  const old = namesIn(folder).filter((name) => name.endsWith(".env"));
  for (const path of old.map((name) => join(folder, name))) if (!kept.has(path)) removeInTwoSteps(path);
  const others = namesIn(dsnFolder(folder, "")).filter((app) => !known.has(app));
  for (const app of others) {
    removeInTwoSteps(dsnFile(folder, app));
    // It is not empty yet, or a container that was not recreated yet has a volume mounted there.
    quietly(() => rmdirSync(dsnFolder(folder, app)));
  }
}

/** Empties a file, or removes it where it is empty already. */
function removeInTwoSteps(path: string): void {
  try {
    if (readIfThere(path)) writeAll([{ path, content: "", mode: MODE }]);
    else rmSync(path, { force: true });
  } catch (error) {
    throw explainWriteError(error, path);
  }
}

const namesIn = (folder: string): string[] => orNotThere(folder, () => readdirSync(folder)) ?? [];

/** Writes a failure into the status; the last good DSNs stay as they are. */
export function publishFailure(folder: string, error: { code: string; message: string }, now: Date): void {
  const last = readStatus(folder);
  publish(folder, {}, { version: 1, apps: {}, ...last, state: "failed", error }, now);
}

/** Writes which projects' keys are being rotated; the rest of the status stays. */
export function publishRotations(folder: string, known: Pick<Known, "projects">, now: Date): void {
  const rotating = rotatingIn(known);
  const last = readStatus(folder);
  if (last === undefined) return;
  const { at: _, writtenAt: __, rotating: ___, ...rest } = last;
  publish(folder, {}, rotating.length === 0 ? rest : { ...rest, rotating }, now);
}

function readStatus(folder: string): WrittenStatus | undefined {
  try {
    const status = JSON.parse(readIfThere(statusPath(folder)) ?? "{}");
    return status?.version === 1 ? status : undefined;
  } catch {
    return undefined;
  }
}

const statusPath = (folder: string): string => join(folder, "status.json");

function sameStatus(last: WrittenStatus | undefined, next: Status): boolean {
  if (last === undefined) return false;
  const { at: _, writtenAt: __, ...rest } = last;
  return JSON.stringify(rest) === JSON.stringify(next);
}
