import { flagName, isRepeatable, isValueRow, type ValueRow } from "./option-row.ts";
import { type InitOptions, OPTION_ROWS } from "./options.ts";

type Path = readonly string[];

interface StatedValue {
  readonly row: ValueRow<unknown>;
  readonly path: Path;
  readonly value: unknown;
}

/** Returns the key of the declaration that each given option is about, with its value, in the order of the table. */
export function statedValues(options: InitOptions): StatedValue[] {
  return OPTION_ROWS.flatMap(([name, row]) => {
    const value = (options as Readonly<Record<string, unknown>>)[name];
    if (!isValueRow(row) || row.at === undefined || value === undefined) return [];
    const { at } = row;
    if (!isRepeatable(row)) return [{ row, path: at, value }];
    return Object.entries(value as object).map(([service, one]) => ({
      row,
      path: at.map((key) => (key === "*" ? service : key)),
      value: one,
    }));
  });
}

/** Returns the text with the option behind each key of the declaration that has one: `server.ca (--ca-file)`. */
export function withFlags(text: string, options: InitOptions): string {
  const flags = new Map<string, string>();
  for (const [name, row] of OPTION_ROWS) {
    if (!isValueRow(row) || row.at === undefined || row.at.includes("*")) continue;
    const key = row.at.join(".");
    // Two options may be about one key; the one that was given is meant.
    if (!flags.has(key) || options[name] !== undefined) flags.set(key, flagName(row));
  }
  return text.replaceAll(/(?<![\w.])[a-z]+(?:\.[a-zA-Z]+)+/g, (key) => {
    const flag = flags.get(key);
    return flag === undefined ? key : `${key} (${flag})`;
  });
}

/** Returns the keys that the options state, each shown by its flag and its key. */
export const statedOptions = (options: InitOptions) =>
  statedValues(options).map(({ row, path }) => ({ path, shown: `${flagName(row)}: ${path.join(".")}` }));

/** Sets a value in a map of maps, which it makes where they are missing. */
export function setAt(map: object, [key = "", ...rest]: Path, value: unknown): void {
  const found = Object.hasOwn(map, key) ? (map as Record<string, unknown>)[key] : undefined;
  const next = rest.length === 0 ? value : (found ?? {});
  // Not by assignment: a service may be called `__proto__`.
  Object.defineProperty(map, key, { value: next, enumerable: true, writable: true, configurable: true });
  if (rest.length > 0) setAt(next as object, rest, value);
}

/** Returns the value at a path, or undefined. */
export function valueAt(value: unknown, path: Path): unknown {
  let found = value;
  for (const key of path) {
    if (typeof found !== "object" || found === null || !Object.hasOwn(found, key)) return undefined;
    found = (found as Readonly<Record<string, unknown>>)[key];
  }
  return found;
}
