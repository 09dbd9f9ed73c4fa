import * as z from "zod/mini";
import { described, secretReference, strictObject } from "./primitives.ts";

export const admin = strictObject(() => ({
  email: described(
    z.string().check(z.regex(/^[^\s@]+@[^\s@]+$/, { error: "must be an e-mail address" }), z.maxLength(254)),
    "The superuser's address.",
  ),
  password: described(
    z.optional(secretReference),
    "file:PATH, env:NAME or vault:MOUNT/PATH#FIELD. Default: a generated secret.",
  ),
}));
