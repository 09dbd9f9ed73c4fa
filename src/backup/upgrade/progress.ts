import { randomBytes } from "node:crypto";
import * as z from "zod/mini";
import { progressFile } from "../../outputs/progress-file.ts";
import { settingsShape } from "./settings.ts";

/** In order; each says what is done. From `switched` on the database may have been migrated. */
export const STEPS = ["begun", "stopped", "saved", "switched", "loaded", "migrated", "proved", "done"] as const;
export type Step = (typeof STEPS)[number];

const shape = z.object({
  version: z.literal(1),
  id: z.string(),
  from: z.string(),
  to: z.string(),
  step: z.enum(STEPS),
  settings: settingsShape,
  /** Postgres becomes another one, with its data in this volume. */
  postgres: z.optional(z.object({ from: z.string(), to: z.string(), volume: z.string() })),
  /** Services that ran before. */
  running: z.array(z.string()),
  /** Path of the backup that was made first. */
  backup: z.optional(z.string()),
  /** It is being taken back. */
  undoing: z.optional(z.boolean()),
  /** The copy of what there was when somebody went back later. */
  safety: z.optional(z.string()),
});

/** How far an upgrade has come: a killed one goes on from here, or is taken back; a done one can be taken back, too. */
export type Progress = z.infer<typeof shape>;

type Begin = Pick<Progress, "from" | "to" | "settings" | "postgres" | "running">;

export const beginProgress = (begin: Begin): Progress => ({
  version: 1,
  id: randomBytes(6).toString("hex"),
  step: "begun",
  ...begin,
});

export const {
  read: readUpgradeProgress,
  save: saveProgress,
  forget: forgetProgress,
} = progressFile("upgrade", shape, {
  code: "GC1809",
  remedy: "It tells how far an upgrade came. If `docker compose ps` shows all well, delete it.",
});

export const isUnderWay = (progress: Progress | undefined): progress is Progress =>
  progress !== undefined && (progress.step !== "done" || progress.undoing === true);

export const isBefore = ({ step }: Progress, other: Step): boolean => STEPS.indexOf(step) < STEPS.indexOf(other);
