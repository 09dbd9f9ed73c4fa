import * as z from "zod/mini";
import { parseReference, REFERENCE_FORMS } from "../../references/reference.ts";

export const described = <T extends z.ZodMiniType>(schema: T, description: string): T =>
  schema.check(z.describe(description));

/**
 * A map without other keys, whose fields are made when the first value of it is read: a declaration has a few of all the
 * things that it may have, and to make the others would cost `init` a third of its time (docs/speed.md).
 */
export function strictObject<S extends z.core.$ZodLooseShape>(fields: () => S): z.ZodMiniObject<S, z.core.$strict> {
  let made: S | undefined;
  const shape = (): S => {
    made ??= fields();
    return made;
  };
  return new z.ZodMiniObject({
    type: "object",
    catchall: z.never(),
    get shape() {
      return shape();
    },
  }) as z.ZodMiniObject<S, z.core.$strict>;
}

export const text = (longest: number) =>
  z.string().check(
    z.refine((value) => value.trim() !== "", { error: "must not be blank" }),
    z.refine((value) => [...value].length <= longest, { error: `must have at most ${longest} characters` }),
    z.refine((value) => !/[\u0000-\u001f\u007f]/.test(value), { error: "must not contain control characters" }),
    // Things are remembered by name, and no object can have this key.
    z.refine((value) => value !== "__proto__", { error: "must be another name" }),
  );

export const httpUrl = z.string().check(
  z.refine((value) => /^https?:\/\/[^/\s@]+(\/[^\s?#]*)?$/.test(value) && URL.canParse(value), {
    error: "must be an http:// or https:// address without user, query or fragment",
  }),
);

const NO_REFERENCE = { error: `must be ${REFERENCE_FORMS}; a password itself has no place in this file` };

export const secretReference = z.string().check(
  z.regex(/^(file|env|vault):.+$/, { ...NO_REFERENCE, abort: true }),
  z.refine((text) => parseReference(text) !== undefined, NO_REFERENCE),
);

/** For what opens the Vault: it cannot be in there. */
export const localReference = z
  .string()
  .check(
    z.regex(/^(file|env):.+$/, { error: "must be file:PATH or env:NAME; a password itself has no place in this file" }),
  );

export const words = z
  .array(z.string())
  .check(z.refine((list) => !list.some((word) => word.includes("\0")), { error: "must not contain NUL" }));
