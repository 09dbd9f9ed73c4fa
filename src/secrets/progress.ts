import * as z from "zod/mini";
import { progressFile } from "../outputs/progress-file.ts";

export const FILES = ["db_password", "secret_key", "admin_password"] as const;
export type SecretFile = (typeof FILES)[number];

/** In order; each says what is done: the new value is kept, the server has it, our file has it. */
const STEPS = ["kept", "set", "swapped"] as const;

/** How far a change has come: a killed one goes on from here. */
export const {
  read: readProgress,
  save: saveProgress,
  forget: endProgress,
} = progressFile({
  name: "secrets",
  steps: STEPS,
  shape: z.object({ version: z.literal(1), file: z.enum(FILES), step: z.enum(STEPS) }),
  code: "GC1408",
  remedy:
    "An earlier change of a secret was interrupted. If glitchtip-compose status shows all well, delete that file.",
});
