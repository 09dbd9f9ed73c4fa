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

/** Of these all rules hold that there are for texts, but the one for their length. */
const PLAIN = /^[A-Za-z\d][\w .:/-]*$/;

/** One check of four things: thousands of texts are read for a plan, and each check of zod's costs as much as all of these. */
export const text = (longest: number) => {
  const rules: readonly (readonly [isBroken: (value: string) => boolean, message: string])[] = [
    [(value) => value.trim() === "", "must not be blank"],
    [(value) => value.length > longest && [...value].length > longest, `must have at most ${longest} characters`],
    [(value) => /[\u0000-\u001f\u007f]/.test(value), "must not contain control characters"],
    // Things are remembered by name, and no object can have this key.
    [(value) => value === "__proto__", "must be another name"],
  ];
  return z.string().check(
    z.check(({ value, issues }) => {
      if (value.length <= longest && PLAIN.test(value)) return;
      for (const [isBroken, message] of rules) {
        if (isBroken(value)) issues.push({ code: "custom", input: value, message });
      }
    }),
  );
};

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
