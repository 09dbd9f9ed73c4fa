import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** A file system of so many bytes, in memory. */
export interface SmallDisk extends Disposable {
  resize(bytes: number): void;
  makeReadOnly(): void;
  makeWritable(): void;
}

/** Mounts one on a folder; where this user may not, the test is skipped with the reason: a full disk needs one. */
export function mountSmallDisk(folder: string, bytes: number, skip: (why: string) => never): SmallDisk {
  mkdirSync(folder, { recursive: true });
  const refused = system("mount", "-t", "tmpfs", "-o", `size=${bytes}`, "none", folder);
  if (refused !== undefined) return skip(`no small disk can be mounted here: ${refused}`);
  const remount = (how: string) => {
    const failure = system("mount", "-o", `remount,${how}`, folder);
    if (failure !== undefined) throw new Error(failure);
  };
  return {
    resize: (to) => remount(`size=${to}`),
    makeReadOnly: () => remount("ro"),
    makeWritable: () => remount("rw"),
    [Symbol.dispose]: () => void system("umount", folder),
  };
}

/** Takes what is left of a disk, in a file that can be deleted again. */
export function fill(folder: string): string {
  const path = join(folder, "somebody-elses-data");
  for (let size = 4096; ; size += 4096) {
    try {
      writeFileSync(path, Buffer.alloc(size));
    } catch {
      return path;
    }
  }
}

/** Undefined when it went well, else why not. */
function system(program: "mount" | "umount", ...args: string[]): string | undefined {
  const { status, stderr, error } = spawnSync(program, args, { encoding: "utf8" });
  return status === 0 ? undefined : (error?.message ?? stderr).trim();
}
