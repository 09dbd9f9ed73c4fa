import * as z from "zod/mini";
import { backup } from "./schema/backup.ts";

/** .glitchtip/backup.json, which the backup service reads. References to secrets are replaced by the names of mounts. */
export const backupSettings = z.object({
  version: z.literal(1),
  tool: z.string(),
  generation: z.string(),
  // The settings of each kind of target were checked with the declaration.
  backup: z.extend(backup, { target: z.optional(z.record(z.string(), z.record(z.string(), z.string()))) }),
});

export type BackupSettings = z.infer<typeof backupSettings>;
