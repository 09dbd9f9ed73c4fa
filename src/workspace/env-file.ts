import { parse } from "dotenv";
import { CodedError } from "../base/errors.ts";

/** Returns the values of a .env file, as Compose reads them. */
export const parseEnv = (text: string): Record<string, string> => parse(text);

/** Writes a value bare, in single or in double quotes. Returns undefined where dotenv and Compose would read it differently. */
const STYLES: Readonly<Record<string, (value: string) => string | undefined>> = {
  "": (value) => (/^[\w./:@%+,=~()\\-]*$/.test(value) ? value : undefined),
  "'": (value) => (/['\r]|\\$/.test(value) ? undefined : `'${value}'`),
  // Compose would expand a dollar sign, and dotenv would keep a backslash.
  '"': (value) => (/["\\$]/.test(value) ? undefined : `"${value.replaceAll("\r", "\\r").replaceAll("\n", "\\n")}"`),
};

/** Matches each line that may set this name: its start, the value as written, and the blanks and comment behind it. */
const assignments = (name: string): RegExp =>
  new RegExp(
    `^([^\\S\\r\\n]*(?:export[^\\S\\r\\n]+)?${name}[^\\S\\r\\n]*=[^\\S\\r\\n]*)` +
      `('(?:\\\\'|[^'])*'|"(?:\\\\"|[^"])*"|[^#\\r\\n]*?)([^\\S\\r\\n]*(?:#[^\\r\\n]*)?)$`,
    "gm",
  );

/**
 * Returns the text with one variable set: the value is replaced in place, with its quotes and comment, or a new line is
 * added at the end. Everything else stays byte for byte. The result has been parsed to check it; throws GC1110 for a value
 * that no line can hold.
 */
export function setVariable(text: string, name: string, value: string): string {
  const before = parseEnv(text);
  if (before[name] === value) return text;
  for (const edited of candidates(text, name, value, before[name])) {
    if (reads(edited, { ...before, [name]: value })) return edited;
  }
  throw new CodedError("GC1110", `${name} cannot be written into .env so that every reader takes it the same way`, {
    remedy: `Use a value without quotes, $ and \\ for ${name}.`,
  });
}

/** Yields possible results. The last line comes first, because it wins; a line inside a multi-line value fails the check. */
function* candidates(text: string, name: string, value: string, before = ""): Generator<string> {
  for (const { 0: whole, 1: start = "", 2: old = "", 3: comment = "", index } of [
    ...text.matchAll(assignments(name)),
  ].reverse()) {
    for (const written of [...extended(old, before, value), ...writings(value, old.slice(0, 1))]) {
      yield text.slice(0, index) + start + written + comment + text.slice(index + whole.length);
    }
  }
  const eol = text.includes("\r\n") ? "\r\n" : "\n";
  const start = text === "" || text.endsWith("\n") ? text : `${text}${eol}`;
  for (const written of writings(value, "")) yield `${start}${name}=${written}${eol}`;
}

/** Returns the value as written with the rest of a longer one behind it: variables in it are still filled in. */
function extended(old: string, before: string, value: string): string[] {
  const rest = value.slice(before.length);
  if (before === "" || !value.startsWith(before) || !/^[\w./:;,-]+$/.test(rest)) return [];
  return /^['"]/.test(old) ? [`${old.slice(0, -1)}${rest}${old.slice(0, 1)}`] : [`${old}${rest}`];
}

/** Returns the ways to write the value, the one with the quotes that are there first. */
const writings = (value: string, quote: string): string[] =>
  [STYLES[quote], ...Object.values(STYLES)].flatMap((style) => style?.(value) ?? []);

function reads(text: string, wanted: Readonly<Record<string, string>>): boolean {
  const found = parseEnv(text);
  const names = Object.keys(found);
  return names.length === Object.keys(wanted).length && names.every((name) => found[name] === wanted[name]);
}
