import * as z from "zod/mini";
import { backup } from "./schema/backup.ts";

/** .glitchtip/backup.json, which the backup service reads; its references to secrets are names of mounted files. */
export const backupSettings = z.object({
  version: z.literal(1),
  tool: z.string(),
  generation: z.string(),
  backup: z.extend(backup, {
    target: z.optional(
      z.object({
        s3: z.object({
          endpoint: z.string(),
          bucket: z.string(),
          prefix: z.string(),
          region: z.string(),
          accessKey: z.string(),
          secretKey: z.string(),
        }),
      }),
    ),
  }),
});

export type BackupSettings = z.infer<typeof backupSettings>;
