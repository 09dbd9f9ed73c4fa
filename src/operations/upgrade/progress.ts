import { randomBytes } from "node:crypto";
import { rmSync } from "node:fs";
import { join } from "node:path";
import * as z from "zod/mini";
import { CodedError } from "../../base/errors.ts";
import { readIfThere, writeOne } from "../../base/files.ts";
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

const pathIn = (dir: string): string => join(dir, ".glitchtip", "state", "upgrade.json");

type Begin = Pick<Progress, "from" | "to" | "settings" | "postgres" | "running">;

export const beginProgress = (begin: Begin): Progress => ({
  version: 1,
  id: randomBytes(6).toString("hex"),
  step: "begun",
  ...begin,
});

export const saveProgress = (dir: string, progress: Progress): void =>
  writeOne(pathIn(dir), `${JSON.stringify(progress, null, 1)}\n`, 0o600);

export const forgetProgress = (dir: string): void => rmSync(pathIn(dir), { force: true });

export function readProgress(dir: string): Progress | undefined {
  const text = readIfThere(pathIn(dir));
  if (text === undefined) return undefined;
  try {
    return z.parse(shape, JSON.parse(text));
  } catch (cause) {
    throw new CodedError("GC1809", `${pathIn(dir)} cannot be read`, {
      remedy: "It tells how far an upgrade came. If `docker compose ps` shows all well, delete it.",
      cause,
    });
  }
}

export const isUnderWay = (progress: Progress | undefined): progress is Progress =>
  progress !== undefined && (progress.step !== "done" || progress.undoing === true);

export const isBefore = ({ step }: Progress, other: Step): boolean => STEPS.indexOf(step) < STEPS.indexOf(other);
