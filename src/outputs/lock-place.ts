import { createHash, randomBytes } from "node:crypto";
import { accessSync, constants, mkdirSync, readdirSync, renameSync, rmdirSync, rmSync } from "node:fs";
import { connect, createServer, type Server } from "node:net";
import { platform, tmpdir } from "node:os";
import { join } from "node:path";
import { CodedError, hasErrno } from "../base/errors.ts";
import { explainWriteError, quietly } from "../base/files.ts";

/** Somebody who holds the lock or wants it, for as long as its process lives. */
export interface Contender {
  readonly name: string;
  withdraw(): Promise<void>;
}

/** Where those who want the same lock see each other. */
export interface LockPlace {
  /** Undefined: somebody else was faster. */
  show(): Promise<Contender | undefined>;
  /** Names of the living contenders other than this one. */
  rivals(self?: Contender): Promise<readonly string[]>;
}

export const lockPlace = (folder: string): LockPlace =>
  platform() === "win32" ? namedPipe(folder) : sockets(socketFolder(folder));

/** Longer paths do not fit into a socket's address (108 bytes on Linux, 104 on macOS). */
const SOCKET_PATH_LONGEST = 100;
const SHOWN = /^[0-9a-f]{16}\.sock$/;
/** How often in a row the folder may be missed before it counts as closed to us. */
const PATIENCE = 20;
/** Bound, but perhaps not listening yet. */
const HIDDEN = ".new";

/**
 * A socket is shown only when it listens already, and no name comes twice: a silent one is dead for good, so taking it
 * away never hits a living one.
 */
function sockets(dir: string): LockPlace {
  let patience = PATIENCE;
  return {
    async show() {
      makeFolder(dir);
      const name = `${randomBytes(8).toString("hex")}.sock`;
      const path = join(dir, name);
      const server = quietServer();
      const withdraw = async () => {
        await leave(dir, path);
        await close(server);
      };
      try {
        await listen(server, path + HIDDEN);
        renameSync(path + HIDDEN, path);
        patience = PATIENCE;
        return { name, withdraw };
      } catch (error) {
        await withdraw();
        // The folder was just taken away by one who is done; where a socket is bound libuv calls that EACCES.
        if (hasErrno(error, "ENOENT")) return undefined;
        if (hasErrno(error, "EACCES") && !isClosed(dir) && --patience > 0) return undefined;
        throw notLockable(error, dir);
      }
    },
    async rivals(self) {
      const names = namesIn(dir).filter((name) => SHOWN.test(name) && name !== self?.name);
      const living = await Promise.all(names.map((name) => isLiving(join(dir, name))));
      return names.filter((_, at) => living[at]);
    },
  };
}

/** Windows: a pipe's name is exclusive and goes with its process. */
function namedPipe(folder: string): LockPlace {
  const name = `\\\\.\\pipe\\glitchtip-compose-${hashOf(folder)}`;
  return {
    async show() {
      const server = quietServer();
      try {
        await listen(server, name);
        return { name, withdraw: () => close(server) };
      } catch (error) {
        if (hasErrno(error, "EADDRINUSE")) return undefined;
        throw notLockable(error, name);
      }
    },
    rivals: async () => [],
  };
}

function socketFolder(folder: string): string {
  const dir = join(folder, "lock");
  const longest = join(dir, `${"0".repeat(16)}.sock${HIDDEN}`);
  return Buffer.byteLength(longest) <= SOCKET_PATH_LONGEST
    ? dir
    : join(tmpdir(), `glitchtip-compose-${hashOf(folder)}`);
}

const hashOf = (folder: string): string => createHash("sha256").update(folder).digest("hex").slice(0, 16);

/** Does not keep its process. */
const quietServer = (): Server => createServer((socket) => socket.destroy()).unref();

const listen = (server: Server, path: string): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(path, resolve);
  });

const close = (server: Server): Promise<void> => new Promise((done) => server.close(() => done()));

/** Takes the socket away, those that were killed before they were shown, and the folder after the last one. */
async function leave(dir: string, path: string): Promise<void> {
  quietly(() => rmSync(path, { force: true }));
  const hidden = namesIn(dir).filter((name) => name.endsWith(HIDDEN));
  await Promise.all(hidden.map((name) => isLiving(join(dir, name))));
  quietly(() => rmdirSync(dir));
}

function makeFolder(dir: string): void {
  try {
    mkdirSync(dir, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw notLockable(error, dir);
  }
}

/** There, and not ours to write in. */
function isClosed(dir: string): boolean {
  try {
    accessSync(dir, constants.W_OK);
    return false;
  } catch (error) {
    return !hasErrno(error, "ENOENT");
  }
}

function namesIn(dir: string): string[] {
  try {
    return readdirSync(dir);
  } catch (error) {
    if (hasErrno(error, "ENOENT")) return [];
    throw notLockable(error, dir);
  }
}

/** Also true where it cannot be asked: better to wait than to be two. */
async function isLiving(path: string): Promise<boolean> {
  const failure = await new Promise<unknown>((resolve) => {
    const socket = connect(path, () => resolve(undefined));
    socket.once("error", resolve);
    socket.once("connect", () => socket.destroy());
  });
  if (failure === undefined) return true;
  if (hasErrno(failure, "ECONNREFUSED")) quietly(() => rmSync(path, { force: true }));
  return !hasErrno(failure, "ECONNREFUSED", "ENOENT");
}

function notLockable(error: unknown, path: string): unknown {
  const known = explainWriteError(error, path);
  if (known instanceof CodedError) return known;
  return new CodedError("GC1501", `${path}: no lock can be made`, {
    remedy: "Check that the state folder is on a file system that can hold sockets.",
    cause: error,
  });
}
