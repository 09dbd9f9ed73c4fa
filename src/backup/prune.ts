import { renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { explainWriteError } from "../base/files.ts";
import { listBackups } from "./catalog.ts";
import { type BackupContext, lockBackups } from "./create.ts";
import { removePartials } from "./folder.ts";
import { PARTIAL } from "./name.ts";
import { expired, type Keep } from "./retention.ts";

export interface PruneOptions {
  readonly dryRun: boolean;
  /** Asked once, with every name; no deletes nothing. */
  may(names: readonly string[]): Promise<boolean>;
}

export interface PruneResult {
  readonly names: readonly string[];
  readonly refused: boolean;
}

/** Deletes what the rules do not keep; each loses its name first, so that no half of one is ever taken for whole. */
export async function pruneBackups(
  context: Pick<BackupContext, "folder" | "clock" | "signal" | "log">,
  keep: Keep,
  { dryRun, may }: PruneOptions,
): Promise<PruneResult> {
  const { folder, signal } = context;
  const choose = () => {
    const all = listBackups(folder).map(({ name, atMs, problem }) => ({ name, atMs, good: problem === undefined }));
    return expired(all, keep);
  };
  if (dryRun) return { names: choose(), refused: false };
  await using _ = await lockBackups(context);
  const names = choose();
  if (names.length === 0) return { names, refused: false };
  if (!(await may(names))) return { names: [], refused: true };
  try {
    for (const name of names) {
      signal.throwIfAborted();
      renameSync(join(folder, name), join(folder, name + PARTIAL));
      rmSync(join(folder, name + PARTIAL), { recursive: true, force: true });
    }
    removePartials(folder);
  } catch (error) {
    throw explainWriteError(error, folder);
  }
  return { names, refused: false };
}
