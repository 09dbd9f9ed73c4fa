import { createHash, randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from "node:fs";
import { connect, createServer, type Server } from "node:net";
import { platform, tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { CodedError, hasErrno } from "../base/errors.ts";
import { explainWriteError, quietly } from "../base/files.ts";

/** A process that holds the lock or wants it, for as long as it lives. */
export interface Contender {
  readonly name: string;
  withdraw(): Promise<void>;
}

/** A living contender other than this process. */
export interface Rival {
  readonly name: string;
  /** What it says of itself; empty where it says nothing. */
  readonly label: string;
}

/** The place where the processes that want the same lock see each other. */
export interface LockPlace {
  /** Returns undefined where another process was faster. */
  show(): Promise<Contender | undefined>;
  rivals(self?: Contender): Promise<readonly Rival[]>;
}

/** Returns the place of a folder's lock. `label` is what this process tells its rivals of itself. */
export const lockPlace = (folder: string, label = ""): LockPlace =>
  platform() === "win32" ? namedPipe(folder, label) : sockets(socketPrefix(folder), label);

/** Longer paths do not fit into a socket's address (108 bytes on Linux, 104 on macOS). */
const SOCKET_PATH_LONGEST = 100;
const SHOWN = /[0-9a-f]{16}\.sock$/;
/** The end of a socket's name before it listens. */
const HIDDEN = ".new";

/**
 * A socket is shown only when it listens already, and no name comes twice: a silent one is dead for good, so taking it
 * away never hits a living one.
 */
function sockets(prefix: string, label: string): LockPlace {
  const dir = dirname(prefix);
  const names = () => namesIn(dir).filter((name) => name.startsWith(basename(prefix)));
  /** Removes the socket, and those of processes that were killed before they showed theirs. */
  const leave = async (path: string) => {
    quietly(() => rmSync(path, { force: true }));
    const hidden = names().filter((name) => name.endsWith(HIDDEN));
    await Promise.all(hidden.map((name) => labelOf(join(dir, name))));
  };
  return {
    async show() {
      const path = `${prefix}${randomBytes(8).toString("hex")}.sock`;
      const server = quietServer(label);
      const withdraw = async () => {
        await leave(path);
        await close(server);
      };
      try {
        mkdirSync(dir, { recursive: true, mode: 0o700 });
        await listen(server, path + HIDDEN);
      } catch (error) {
        await close(server);
        // A holder that is leaving removed the empty folder.
        if (hasErrno(error, "ENOENT") && !existsSync(dir)) return undefined;
        throw notLockable(error, dir);
      }
      try {
        renameSync(path + HIDDEN, path);
        return { name: basename(path), withdraw };
      } catch (error) {
        await withdraw();
        // A process that is leaving removed it as dead.
        if (hasErrno(error, "ENOENT")) return undefined;
        throw notLockable(error, dir);
      }
    },
    async rivals(self) {
      const others = names().filter((name) => SHOWN.test(name) && name !== self?.name);
      const labels = await Promise.all(others.map((name) => labelOf(join(dir, name))));
      return others.flatMap((name, at) => (labels[at] === undefined ? [] : [{ name, label: labels[at] }]));
    },
  };
}

/** On Windows the name of a pipe is exclusive and disappears with its process. */
function namedPipe(folder: string, label: string): LockPlace {
  const name = `\\\\.\\pipe\\glitchtip-compose-${hashOf(folder)}`;
  return {
    async show() {
      const server = quietServer(label);
      try {
        await listen(server, name);
        return { name, withdraw: () => close(server) };
      } catch (error) {
        if (hasErrno(error, "EADDRINUSE")) return undefined;
        throw notLockable(error, name);
      }
    },
    async rivals(self) {
      const rival = self === undefined ? await labelOf(name) : undefined;
      return rival === undefined ? [] : [{ name, label: rival }];
    },
  };
}

/** Node cuts a longer path off without a word, and the lock is never seen. TMPDIR may be too long, too, as macOS's is. */
function socketPrefix(folder: string): string {
  const elsewhere = `glitchtip-compose-${hashOf(folder)}-`;
  const prefixes = [join(folder, "lock-"), join(tmpdir(), elsewhere), join("/tmp", elsewhere)] as const;
  return prefixes.find(isShortEnough) ?? prefixes[2];
}

const isShortEnough = (prefix: string): boolean =>
  Buffer.byteLength(`${prefix}${"0".repeat(16)}.sock${HIDDEN}`) <= SOCKET_PATH_LONGEST;

const hashOf = (folder: string): string => createHash("sha256").update(folder).digest("hex").slice(0, 16);

/** Tells its label to whoever connects. It does not keep its process alive. */
const quietServer = (label: string): Server =>
  createServer((socket) => {
    socket.on("error", () => socket.destroy());
    socket.end(label);
  }).unref();

const listen = (server: Server, path: string): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(path, resolve);
  });

const close = (server: Server): Promise<void> => new Promise((done) => server.close(() => done()));

function namesIn(dir: string): string[] {
  try {
    return readdirSync(dir);
  } catch (error) {
    if (hasErrno(error, "ENOENT")) return [];
    throw notLockable(error, dir);
  }
}

const LABEL_WITHIN_MS = 500;
const LONGEST_LABEL = 200;

/**
 * Returns the label of who listens on a socket, or undefined where nobody does. One that cannot be asked, or does not
 * answer, counts as living: it is better to wait than to be two.
 */
async function labelOf(path: string): Promise<string | undefined> {
  let label = "";
  const failure = await new Promise<unknown>((resolve) => {
    const socket = connect({ path, timeout: LABEL_WITHIN_MS });
    socket.once("timeout", () => socket.destroy());
    socket.on("data", (bytes: Buffer) => {
      label += bytes.toString("utf8");
    });
    let connected = false;
    socket.once("connect", () => {
      connected = true;
    });
    socket.once("error", (error) => resolve(connected ? undefined : error));
    socket.once("close", () => resolve(undefined));
  });
  if (hasErrno(failure, "ECONNREFUSED")) quietly(() => rmSync(path, { force: true }));
  return hasErrno(failure, "ECONNREFUSED", "ENOENT")
    ? undefined
    : label.replace(/[^ -~]/g, "?").slice(0, LONGEST_LABEL);
}

function notLockable(error: unknown, path: string): unknown {
  const known = explainWriteError(error, path);
  if (known instanceof CodedError) return known;
  return new CodedError("GC1501", `${path}: no lock can be created`, {
    remedy: "Check that the state folder is on a file system that can hold sockets.",
    cause: error,
  });
}
