import type { GivenOptions } from "./given-options.ts";
import { flagName, isRepeatable, isValueRow } from "./option-row.ts";
import { type InitOptions, OPTION_ROWS } from "./options.ts";

/**
 * Returns the command line that says without a question what these options say: those that were `typed`, as they were
 * typed, and the answers. `switches` are flags that are no options of the declaration.
 */
export function initCommandLine(typed: GivenOptions, answers: InitOptions, switches: readonly string[] = []): string {
  const words = OPTION_ROWS.flatMap(([name, row]) => {
    const said = (typed as Readonly<Record<string, unknown>>)[name];
    // A switch that was not typed is false.
    const value = said === undefined || said === false ? (answers as Record<string, unknown>)[name] : said;
    if (value === undefined || value === false) return [];
    if (!isValueRow(row)) return [flagName(row)];
    return textsOf(value, isRepeatable(row)).flatMap((text) => [flagName(row), text]);
  });
  return ["npx glitchtip-compose init", "--yes", ...[...switches, ...words].map(quoted)].join(" ");
}

function textsOf(value: unknown, repeatable: boolean): string[] {
  if (Array.isArray(value)) return value.map(String);
  if (!repeatable) return [String(value)];
  return Object.entries(value as object).map(
    ([service, one]) => `${service}=${typeof one === "string" ? one : JSON.stringify(one)}`,
  );
}

/** Quotes a word for a POSIX shell where that is needed. */
const quoted = (word: string): string =>
  /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
