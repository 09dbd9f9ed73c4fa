import * as z from "zod/mini";
import { REFERENCE, REFERENCE_FORMS } from "../../references/reference.ts";
import { atMost } from "../number-pattern.ts";

/** Returns the schema with the description that editors and docs/declaration.md show. */
export const described = <T extends z.ZodMiniType>(schema: T, description: string): T =>
  schema.check(z.describe(description));

type JsonSchema = z.core.JSONSchema.JSONSchema;

/** States in the JSON Schema what a check of ours accepts: zod cannot read that from a function. */
export const inJsonSchema = (keywords: JsonSchema) => z.meta({ ...keywords });

/** Returns the schema of a text that people read: not blank, without control characters, at most `longest` code points. */
export const text = (longest: number) =>
  z.string().check(
    z.check(({ value, issues }) => {
      const rules: readonly (readonly [isBroken: boolean, message: string])[] = [
        [value.trim() === "", "must not be blank"],
        [[...value].length > longest, `must have at most ${longest} characters`],
        [/[\u0000-\u001f\u007f]/.test(value), "must not contain control characters"],
        // Names become keys of objects, where this one would set the prototype.
        [value === "__proto__", "is a reserved name; choose another one"],
      ];
      for (const [isBroken, message] of rules) if (isBroken) issues.push({ code: "custom", input: value, message });
    }),
    inJsonSchema({ maxLength: longest, pattern: "^(?!__proto__$)(?=.*\\S)[^\\u0000-\\u001f\\u007f]*$" }),
  );

export const withoutFinalSlash = (url: string): string => url.replace(/\/+$/, "");

/** What the URL standard accepts as a host and a port, but for names that cannot be turned into Punycode. */
export const HOST = "[^\\s/@:?#\\[\\]\\\\<>^|%]+|\\[[0-9a-fA-F:.]+\\]";
export const PORT = `(?:${atMost(65_535)})?`;

export const httpUrl = z.string().check(
  z.refine((value) => /^https?:\/\/[^/\s@]+(\/[^\s?#]*)?$/.test(value) && URL.canParse(value), {
    error: "must be an http:// or https:// address without user, query or fragment",
  }),
  inJsonSchema({ pattern: `^https?://(?:${HOST})(?::${PORT})?(?:/[^\\s?#]*)?$` }),
);

/** Such an address without the slash at its end, to which paths are joined. */
export const baseUrl = z.pipe(httpUrl, z.transform(withoutFinalSlash));

/** The name of an image, with its tag or digest. */
export const imageName = z.string().check(
  z.regex(/^(?![^@:]{256})\w[\w./:@-]{0,399}$/, {
    error: "must be the name of an image, such as glitchtip/glitchtip:6, of at most 255 characters",
  }),
);

export const secretReferenceSchema = z
  .string()
  .check(z.regex(REFERENCE, { error: `must be ${REFERENCE_FORMS}; a password itself has no place in this file` }));

/** A reference to what opens the Vault, which cannot lie in it. */
export const localReferenceSchema = z
  .string()
  .check(
    z.regex(/^(file|env):.+$/, { error: "must be file:PATH or env:NAME; a password itself has no place in this file" }),
  );

/** An entrypoint or a command. */
export const wordList = z
  .array(z.string().check(inJsonSchema({ pattern: "^[^\\u0000]*$" })))
  .check(z.refine((list) => !list.some((word) => word.includes("\0")), { error: "must not contain NUL" }));
