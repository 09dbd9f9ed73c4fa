import { createHash, randomBytes } from "node:crypto";
import * as z from "zod/mini";
import { progressFile } from "../../outputs/progress-file.ts";
import type { Backup } from "../catalog.ts";

/** From `swapped` on the restored database is the one in use. */
const STEPS = ["begun", "stopped", "saved", "loaded", "swapped", "uploads", "state", "started"] as const;

const shape = z.object({
  version: z.literal(1),
  id: z.string().check(z.regex(/^[0-9a-f]{12}$/)),
  /** Path of the backup. */
  backup: z.string(),
  /** Hash of the backup's manifest: another backup may lie at the same path later. */
  hash: z.string(),
  step: z.enum(STEPS),
  /** Services that ran before and are started again. Empty: all services are started. */
  running: z.array(z.string()),
  /** The database that the dump is loaded into. Each attempt takes a new one: a killed attempt may still write to its own. */
  scratch: z.optional(z.string()),
  /** Path of the backup of what the restore replaces. */
  safety: z.optional(z.string()),
  /** The restore is being rolled back. */
  undoing: z.optional(z.boolean()),
});

/** How far a restore has come. A killed restore continues from here, or is rolled back. */
export type RestoreProgress = z.infer<typeof shape>;

export const restoreProgress = progressFile({
  name: "restore",
  steps: STEPS,
  shape,
  code: "GC1805",
  remedy: "An earlier restore was interrupted. If `docker compose ps` shows all well, delete that file.",
});

export function newRestore({ path, manifest }: Backup, running: readonly string[]): RestoreProgress {
  const id = randomBytes(6).toString("hex");
  return { version: 1, id, backup: path, hash: hashOf(manifest), step: "begun", running: [...running] };
}

export const isRestoreOf = (progress: RestoreProgress, { manifest }: Backup): boolean =>
  progress.hash === hashOf(manifest);

const hashOf = (manifest: object): string => createHash("sha256").update(JSON.stringify(manifest)).digest("hex");

/** All scratch databases have this prefix, so that those of killed attempts are found and dropped. */
export const SCRATCH_PREFIX = "glitchtip_restore_";
export const newScratchDatabase = (): string => SCRATCH_PREFIX + randomBytes(6).toString("hex");

/** The name under which the replaced database is kept until the restore has succeeded. */
export const replacedDatabase = ({ id }: RestoreProgress): string => `glitchtip_before_${id}`;
