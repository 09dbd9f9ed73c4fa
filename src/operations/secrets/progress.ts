import { rmSync } from "node:fs";
import { join } from "node:path";
import * as z from "zod/mini";
import { CodedError } from "../../base/errors.ts";
import { readIfThere, writeOne } from "../../base/files.ts";

export const FILES = ["db_password", "secret_key", "admin_password"] as const;
export type SecretFile = (typeof FILES)[number];

/** In order; each says what is done: the new value is kept, the server has it, our file has it. */
const STEPS = ["kept", "set", "swapped"] as const;

const shape = z.object({ version: z.literal(1), file: z.enum(FILES), step: z.enum(STEPS) });

/** How far a change has come: a killed one goes on from here. */
export type Progress = z.infer<typeof shape>;

const pathIn = (dir: string): string => join(dir, ".glitchtip", "state", "secrets.json");

export const saveProgress = (dir: string, progress: Progress): void =>
  writeOne(pathIn(dir), `${JSON.stringify(progress)}\n`, 0o600);

export const endProgress = (dir: string): void => rmSync(pathIn(dir), { force: true });

export function readProgress(dir: string): Progress | undefined {
  const text = readIfThere(pathIn(dir));
  if (text === undefined) return undefined;
  try {
    return z.parse(shape, JSON.parse(text));
  } catch (cause) {
    throw new CodedError("GC1408", `${pathIn(dir)} cannot be read`, {
      remedy:
        "An earlier change of a secret was interrupted. If glitchtip-compose status shows all well, delete that file.",
      cause,
    });
  }
}
