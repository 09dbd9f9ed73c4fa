import { createHash } from "node:crypto";
import { mkdirSync, rmSync, statSync } from "node:fs";
import { connect, createServer, type Server } from "node:net";
import { platform, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { CodedError, hasErrno } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import { type Clock, waitUntil } from "../base/wait.ts";

export interface LockOptions {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly deadlineMs: number;
  readonly log: Log;
}

/** Longer paths do not fit into a socket's address (108 bytes on Linux, 104 on macOS). */
const SOCKET_PATH_LONGEST = 100;

/**
 * One provisioner at a time per folder. The lock is a socket that its holder listens on: it dies with the process, also
 * by SIGKILL, and works between containers that share a volume, where a process id would say nothing.
 */
export async function acquireLock(folder: string, options: LockOptions): Promise<AsyncDisposable> {
  const path = socketPath(folder);
  const server = await waitUntil<Server>({
    ...options,
    pauseMs: { first: 50, longest: 500 },
    attempt: async () => (await listen(path)) ?? (await removeIfDead(path)),
    say: (waitedMs) => options.log.step(`waiting for another provisioner since ${Math.round(waitedMs / 1_000)} s`),
    late: (waitedMs) =>
      new CodedError("GC1406", `another provisioner has been at work for ${Math.round(waitedMs / 1_000)} s (${path})`, {
        remedy: "Wait for it, or stop it: docker compose stop glitchtip-provision",
      }),
  });
  server.unref();
  return {
    [Symbol.asyncDispose]: () => new Promise<void>((done) => server.close(() => done())),
  };
}

function socketPath(folder: string): string {
  const name = createHash("sha256").update(folder).digest("hex").slice(0, 16);
  if (platform() === "win32") return `\\\\.\\pipe\\glitchtip-compose-${name}`;
  const path = join(folder, "lock.sock");
  return Buffer.byteLength(path) <= SOCKET_PATH_LONGEST ? path : join(tmpdir(), `glitchtip-compose-${name}.sock`);
}

function listen(path: string): Promise<Server | undefined> {
  return new Promise((resolve, reject) => {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    const server = createServer((socket) => socket.destroy());
    server.once("error", (error) =>
      hasErrno(error, "EADDRINUSE") ? resolve(undefined) : reject(unwritable(path, error)),
    );
    server.listen(path, () => resolve(server));
  });
}

const unwritable = (path: string, cause: Error) =>
  new CodedError("GC1501", `${path} cannot be made`, {
    remedy: "Check that the state volume is writable and has space left.",
    cause,
  });

/** A socket that nobody listens on any more is taken away, unless it is another one by now. */
async function removeIfDead(path: string): Promise<undefined> {
  const before = inode(path);
  const alive = await new Promise<boolean>((resolve) => {
    const socket = connect(path);
    socket.once("connect", () => resolve(true));
    socket.once("error", (error) => resolve(!hasErrno(error, "ECONNREFUSED")));
    socket.once("close", () => socket.destroy());
    socket.once("connect", () => socket.destroy());
  });
  if (!alive && before !== undefined && before === inode(path)) rmSync(path, { force: true });
  return undefined;
}

function inode(path: string): number | undefined {
  return statSync(path, { throwIfNoEntry: false })?.ino;
}
