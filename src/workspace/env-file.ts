import { parse } from "dotenv";
import { CodedError } from "../base/errors.ts";

/** The values in a .env file, as Compose reads them. */
export const parseEnv = (text: string): Record<string, string> => parse(text);

/** Bare, in single and in double quotes: what dotenv and Compose read alike, else undefined. */
const STYLES: Readonly<Record<string, (value: string) => string | undefined>> = {
  "": (value) => (/^[\w./:@%+,=~()\\-]*$/.test(value) ? value : undefined),
  "'": (value) => (/['\r]|\\$/.test(value) ? undefined : `'${value}'`),
  // A dollar sign would be filled in by Compose, a backslash kept by dotenv.
  '"': (value) => (/["\\$]/.test(value) ? undefined : `"${value.replaceAll("\r", "\\r").replaceAll("\n", "\\n")}"`),
};

/** Start, value as it is written, and blanks with a comment, for each line that may set this name. */
const assignments = (name: string): RegExp =>
  new RegExp(
    `^([^\\S\\r\\n]*(?:export[^\\S\\r\\n]+)?${name}[^\\S\\r\\n]*=[^\\S\\r\\n]*)` +
      `('(?:\\\\'|[^'])*'|"(?:\\\\"|[^"])*"|[^#\\r\\n]*?)([^\\S\\r\\n]*(?:#[^\\r\\n]*)?)$`,
    "gm",
  );

/**
 * Sets one variable: its value in place, with its quotes and comment, or a new line at the end. Everything else stays
 * byte by byte. What is returned has been read back; a value that no line can hold is refused.
 */
export function setVariable(text: string, name: string, value: string): string {
  const before = parseEnv(text);
  if (before[name] === value) return text;
  for (const edited of candidates(text, name, value)) {
    if (reads(edited, { ...before, [name]: value })) return edited;
  }
  throw new CodedError("GC1110", `${name} cannot be written into .env so that every reader takes it the same way`, {
    remedy: `Use a value without quotes, $ and \\ for ${name}.`,
  });
}

/** The last line first: dotenv and Compose let it win. One that is part of another value does not read back. */
function* candidates(text: string, name: string, value: string): Generator<string> {
  for (const { 0: whole, 1: start = "", 2: old = "", 3: comment = "", index } of [
    ...text.matchAll(assignments(name)),
  ].reverse()) {
    for (const written of writings(value, old.slice(0, 1))) {
      yield text.slice(0, index) + start + written + comment + text.slice(index + whole.length);
    }
  }
  const eol = text.includes("\r\n") ? "\r\n" : "\n";
  const start = text === "" || text.endsWith("\n") ? text : `${text}${eol}`;
  for (const written of writings(value, "")) yield `${start}${name}=${written}${eol}`;
}

/** In the quotes that are there, where it fits into them. */
const writings = (value: string, quote: string): string[] =>
  [STYLES[quote], ...Object.values(STYLES)].flatMap((style) => style?.(value) ?? []);

function reads(text: string, wanted: Readonly<Record<string, string>>): boolean {
  const found = parseEnv(text);
  const names = Object.keys(found);
  return names.length === Object.keys(wanted).length && names.every((name) => found[name] === wanted[name]);
}
