import { randomBytes } from "node:crypto";
import * as z from "zod/mini";
import { progressFile } from "../../outputs/progress-file.ts";
import { settingsChange } from "./settings.ts";

/** From `switched` on the database may have been migrated. */
const STEPS = ["begun", "stopped", "saved", "switched", "loaded", "migrated", "proved", "done"] as const;

const shape = z.object({
  version: z.literal(1),
  id: z.string(),
  /** Images of GlitchTip. */
  from: z.string(),
  to: z.string(),
  step: z.enum(STEPS),
  settings: settingsChange,
  /** Another major of Postgres, whose data lies in this volume. */
  postgres: z.optional(z.object({ from: z.string(), to: z.string(), volume: z.string() })),
  /** Services that ran before. */
  running: z.array(z.string()),
  /** Path of the backup that the upgrade made first. */
  backup: z.optional(z.string()),
  /** The upgrade is being rolled back. */
  undoing: z.optional(z.boolean()),
  /** The old data is in place, and the old server may have accepted events since: it is not replaced again. */
  restored: z.optional(z.boolean()),
  /** Path of the backup that a later rollback made of what it replaced. */
  safety: z.optional(z.string()),
});

/** How far an upgrade has come. A killed upgrade continues from here or is rolled back; a finished one is rolled back. */
export type UpgradeProgress = z.infer<typeof shape>;

export const upgradeProgress = progressFile({
  name: "upgrade",
  steps: STEPS,
  shape,
  code: "GC1809",
  remedy: "This file records how far an upgrade came. If `docker compose ps` shows that everything runs, delete it.",
});

export const newUpgrade = (
  begin: Pick<UpgradeProgress, "from" | "to" | "settings" | "postgres" | "running">,
): UpgradeProgress => ({ version: 1, id: randomBytes(6).toString("hex"), step: "begun", ...begin });

/** Returns the upgrade that is not over yet. */
export function unfinishedUpgrade(dir: string): UpgradeProgress | undefined {
  const progress = upgradeProgress.read(dir);
  return progress?.step === "done" && !progress.undoing ? undefined : progress;
}
