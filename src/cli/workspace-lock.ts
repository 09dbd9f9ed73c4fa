import { createHash } from "node:crypto";
import { mkdirSync, realpathSync, rmdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CodedError } from "../base/errors.ts";
import { quietly } from "../base/files.ts";
import { acquireLock } from "../outputs/lock.ts";
import type { CliContext } from "./context.ts";

/** Below `.glitchtip`, from the innermost folder outwards. Each is removed with the lock where nothing else is in it. */
const LOCK_FOLDERS = [".glitchtip/state/workspace", ".glitchtip/state", ".glitchtip"] as const;
const LOCK_WITHIN_MS = 10 * 60_000;

/**
 * Waits until no other command changes this workspace or its stack, and keeps others waiting until the result is
 * disposed. Throws GC1406 after ten minutes. A process that was killed holds no lock.
 */
export async function lockWorkspace(context: CliContext, command: string, pid: number): Promise<AsyncDisposable> {
  const { dir, clock, signal, log } = context;
  const options = {
    clock,
    signal,
    log,
    deadlineMs: LOCK_WITHIN_MS,
    holder: "glitchtip-compose",
    label: `glitchtip-compose ${command} (process ${pid})`,
    remedy: "Wait for it to end, or stop it, then run the command again.",
  };
  const inWorkspace = await acquire(dir, options).catch((error: unknown) => {
    // A workspace that is read-only, or on a file system without sockets.
    if (!(error instanceof CodedError) || error.code !== "GC1501") throw error;
    log.debug(`${dir} cannot be locked: ${error.message}`);
    return acquireLock(placeOutside(dir), options);
  });
  return {
    async [Symbol.asyncDispose]() {
      await inWorkspace[Symbol.asyncDispose]();
      for (const folder of LOCK_FOLDERS) quietly(() => rmdirSync(join(dir, folder)));
      quietly(() => rmdirSync(placeOutside(dir)));
    },
  };
}

async function acquire(dir: string, options: Parameters<typeof acquireLock>[1]): Promise<AsyncDisposable> {
  try {
    // Containers read files in there, so this one is not closed as the lock's own folder is.
    mkdirSync(join(dir, ".glitchtip"), { recursive: true, mode: 0o755 });
  } catch (cause) {
    throw new CodedError("GC1501", `${dir} cannot be written`, { cause });
  }
  return await acquireLock(join(dir, LOCK_FOLDERS[0]), options);
}

function placeOutside(dir: string): string {
  const hash = createHash("sha256").update(realpathSync(dir)).digest("hex").slice(0, 16);
  return join(tmpdir(), `glitchtip-compose-workspace-${hash}`);
}
