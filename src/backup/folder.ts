import { createHash } from "node:crypto";
import {
  closeSync,
  createReadStream,
  createWriteStream,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
} from "node:fs";
import { statfs } from "node:fs/promises";
import { dirname, join } from "node:path";
import { Transform, type Writable } from "node:stream";
import { finished, pipeline } from "node:stream/promises";
import { formatSize } from "../base/byte-size.ts";
import { CREATE_WITHOUT_LINK, makeParentBelow } from "../base/contained-path.ts";
import { CodedError } from "../base/errors.ts";
import { explainWriteError, quietly, writeOne } from "../base/files.ts";
import { BACKUP_MANIFEST, type BackupFile, type BackupManifest, isPartial, PARTIAL } from "./manifest.ts";

/** A backup that is being written, under a name that no reader accepts. */
export interface PartialBackup {
  readonly path: string;
  readonly files: readonly BackupFile[];
  /** Writes and hashes what `produce` writes to its stream. It is on the disk when the promise resolves. */
  write<T>(file: string, produce: (to: Writable) => Promise<T>): Promise<T>;
  text(file: string, content: string | Uint8Array): Promise<void>;
  /** Writes the manifest, then renames the folder to its final name. Returns its path. */
  finish(manifest: BackupManifest): string;
  discard(): void;
}

export function beginBackup(folder: string, name: string): PartialBackup {
  const path = join(folder, name + PARTIAL);
  const files: BackupFile[] = [];
  explained(folder, () => {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    if (!existsSync(join(folder, ".gitignore"))) writeOne(join(folder, ".gitignore"), "*\n", 0o644);
    mkdirSync(path, { mode: 0o700 });
  });
  return {
    path,
    files,
    async write(file, produce) {
      const full = join(path, file);
      const hash = createHash("sha256");
      let bytes = 0;
      const count = new Transform({
        transform(chunk: Buffer, _, done) {
          bytes += chunk.length;
          hash.update(chunk);
          done(null, chunk);
        },
      });
      const real = makeParentBelow(path, file, 0o700);
      const fd = explained(full, () => openSync(real, CREATE_WITHOUT_LINK, 0o600));
      const disk = createWriteStream(real, { fd, flush: true });
      const written = pipeline(count, disk);
      const [made, stored] = await Promise.allSettled([produce(count).finally(() => count.end()), written]);
      // The write error comes first: a full disk makes the producer fail as well, with a broken pipe.
      if (stored.status === "rejected") throw explainWriteError(stored.reason, full);
      if (made.status === "rejected") throw made.reason;
      files.push({ path: file, bytes, sha256: hash.digest("hex") });
      return made.value;
    },
    async text(file, content) {
      await this.write(file, async (to) => {
        to.end(content);
        await finished(to, { readable: false });
      });
    },
    finish(manifest) {
      const whole = join(folder, name);
      explained(whole, () => {
        writeOne(join(path, BACKUP_MANIFEST), `${JSON.stringify(manifest, null, 1)}\n`, 0o600);
        syncFolder(path);
        renameSync(path, whole);
        syncFolder(folder);
      });
      return whole;
    },
    discard: () => quietly(() => rmSync(path, { recursive: true, force: true })),
  };
}

/** Removes what killed runs have left. The caller holds the folder's lock, or a live run's folder would be removed. */
export function removePartials(folder: string): void {
  if (!existsSync(folder)) return;
  explained(folder, () => {
    for (const name of readdirSync(folder)) {
      if (isPartial(name)) rmSync(join(folder, name), { recursive: true, force: true });
    }
  });
}

/** Returns the bytes that this user can write to the folder's disk. The folder need not exist yet. */
export async function freeBytes(folder: string): Promise<number> {
  const there = existsSync(folder) ? folder : dirname(folder);
  if (there === folder || existsSync(there)) {
    const { bavail, bsize } = await statfs(there);
    return bavail * bsize;
  }
  return await freeBytes(there);
}

export async function sha256Of(path: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(path), hash);
  return hash.digest("hex");
}

/** Throws GC1502 where the free space is less than needed. */
export function requireSpace(what: string, neededBytes: number, free: number): void {
  if (free >= neededBytes) return;
  throw new CodedError("GC1502", `${what} needs about ${formatSize(neededBytes)}, and ${formatSize(free)} are free`, {
    remedy: "Free some space, then run the command again. Nothing was changed.",
  });
}

function syncFolder(path: string): void {
  // Windows cannot open a folder.
  quietly(() => {
    const folder = openSync(path, "r");
    try {
      fsyncSync(folder);
    } finally {
      closeSync(folder);
    }
  });
}

function explained<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw explainWriteError(error, path);
  }
}
