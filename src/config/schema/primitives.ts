import * as z from "zod/mini";
import { parseReference, REFERENCE_FORMS } from "../../references/reference.ts";

/** Returns the schema with the description that editors and docs/declaration.md show. */
export const described = <T extends z.ZodMiniType>(schema: T, description: string): T =>
  schema.check(z.describe(description));

/** Returns the schema of a text that people read: not blank, without control characters, at most `longest` code points. */
export const text = (longest: number) =>
  z.string().check(
    z.check(({ value, issues }) => {
      const rules: readonly (readonly [isBroken: boolean, message: string])[] = [
        [value.trim() === "", "must not be blank"],
        [[...value].length > longest, `must have at most ${longest} characters`],
        [/[\u0000-\u001f\u007f]/.test(value), "must not contain control characters"],
        // Names become keys of objects, where this one would set the prototype.
        [value === "__proto__", "must be another name"],
      ];
      for (const [isBroken, message] of rules) if (isBroken) issues.push({ code: "custom", input: value, message });
    }),
  );

export const withoutFinalSlash = (url: string): string => url.replace(/\/+$/, "");

export const httpUrl = z.string().check(
  z.refine((value) => /^https?:\/\/[^/\s@]+(\/[^\s?#]*)?$/.test(value) && URL.canParse(value), {
    error: "must be an http:// or https:// address without user, query or fragment",
  }),
);

/** Such an address without the slash at its end, to which paths are joined. */
export const baseUrl = z.pipe(httpUrl, z.transform(withoutFinalSlash));

/** The name of an image, with its tag or digest. */
export const imageName = z.string().check(
  z.refine((value) => /^[\w][\w./:@-]{0,399}$/.test(value) && !/^[^@:]{256,}/.test(value), {
    error: "must be the name of an image, such as glitchtip/glitchtip:6, of at most 255 characters",
  }),
);

const NO_REFERENCE = { error: `must be ${REFERENCE_FORMS}; a password itself has no place in this file` };

export const secretReferenceSchema = z.string().check(
  z.regex(/^(file|env|vault):.+$/, { ...NO_REFERENCE, abort: true }),
  z.refine((value) => parseReference(value) !== undefined, NO_REFERENCE),
);

/** A reference to what opens the Vault, which cannot lie in it. */
export const localReferenceSchema = z
  .string()
  .check(
    z.regex(/^(file|env):.+$/, { error: "must be file:PATH or env:NAME; a password itself has no place in this file" }),
  );

/** An entrypoint or a command. */
export const wordList = z
  .array(z.string())
  .check(z.refine((list) => !list.some((word) => word.includes("\0")), { error: "must not contain NUL" }));
