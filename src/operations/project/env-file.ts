import { parse } from "dotenv";

/** The values in a .env file, as Compose reads them. */
export const parseEnv = (text: string): Record<string, string> => parse(text);

/** The last line that sets this name: dotenv and Compose let the last one win. */
const lineOf = (lines: readonly string[], name: string): number =>
  lines.findLastIndex((line) => new RegExp(`^\\s*(?:export\\s+)?${name}\\s*=`).test(line));

/** Sets one variable: its line in place, everything else in it kept, or a new line at the end. */
export function setVariable(text: string, name: string, value: string): string {
  const before = parseEnv(text)[name];
  if (before === value) return text;
  const eol = text.includes("\r\n") ? "\r\n" : "\n";
  const lines = text.split(/\r?\n/);
  const at = lineOf(lines, name);
  if (at === -1 || before === undefined) {
    const start = text === "" || text.endsWith("\n") ? text : `${text}${eol}`;
    return `${start}${name}=${value}${eol}`;
  }
  const line = lines[at] ?? "";
  const [, start = `${name}=`, rest = ""] = /^([^=]*=)(.*)$/.exec(line) ?? [];
  // The old value stands in the line as it is, unless escapes are in it: then the line is written anew.
  lines[at] = before !== "" && rest.includes(before) ? start + rest.replace(before, () => value) : `${start}${value}`;
  return lines.join(eol);
}
