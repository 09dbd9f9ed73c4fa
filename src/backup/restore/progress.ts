import { createHash, randomBytes } from "node:crypto";
import * as z from "zod/mini";
import { progressFile } from "../../outputs/progress-file.ts";
import type { Backup } from "../catalog.ts";

/** In order; each says what is done. From `swapped` on the restored database is the one in use. */
export const STEPS = ["begun", "stopped", "saved", "loaded", "swapped", "uploads", "state", "started"] as const;
export type Step = (typeof STEPS)[number];

const shape = z.object({
  version: z.literal(1),
  id: z.string().check(z.regex(/^[0-9a-f]{12}$/)),
  /** Path of the backup, and a hash that tells it from another one there. */
  backup: z.string(),
  hash: z.string(),
  step: z.enum(STEPS),
  /** Services that ran before; they are started again. Empty: all are. */
  running: z.array(z.string()),
  /** The database that the dump goes into, another one at each attempt: a killed one may still be at work in its own. */
  scratch: z.optional(z.string()),
  /** The copy that was made of what was there. */
  safety: z.optional(z.string()),
  /** It is being taken back. */
  undoing: z.optional(z.boolean()),
});

/** How far a restore has come: a killed one goes on from here, or is taken back. */
export type Progress = z.infer<typeof shape>;

export const SCRATCH_PREFIX = "glitchtip_restore_";
export const newScratch = (): string => SCRATCH_PREFIX + randomBytes(6).toString("hex");
/** The database that was there, until all is well. */
export const asideOf = ({ id }: Progress): string => `glitchtip_before_${id}`;

export function beginProgress({ path, manifest }: Backup, running: readonly string[]): Progress {
  const id = randomBytes(6).toString("hex");
  return { version: 1, id, backup: path, hash: hashOf(manifest), step: "begun", running: [...running] };
}

export const {
  read: readRestoreProgress,
  save: saveProgress,
  forget: endProgress,
} = progressFile("restore", shape, {
  code: "GC1805",
  remedy: "An earlier restore was interrupted. If `docker compose ps` shows all well, delete that file.",
});

export const isOf = (progress: Progress, { manifest }: Backup): boolean => progress.hash === hashOf(manifest);

export const isBefore = ({ step }: Progress, other: Step): boolean => STEPS.indexOf(step) < STEPS.indexOf(other);

const hashOf = (manifest: object): string => createHash("sha256").update(JSON.stringify(manifest)).digest("hex");
