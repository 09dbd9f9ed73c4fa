import { didYouMean } from "../base/did-you-mean.ts";
import { CodedError } from "../base/errors.ts";

/** Collects the values of an option that may be repeated. */
export const collect = (value: string, before: readonly string[] = []): readonly string[] => [...before, value];

/** Returns `given` if it is one of `all`. Throws GC1001, with the nearest of them, for anything else. */
export function requireWord<T extends string>(all: readonly T[], given: string | undefined, of: string): T {
  const found = all.find((one) => one === given);
  if (found !== undefined) return found;
  const what = given === undefined ? `${of} is missing` : `${of} cannot be ${given}${didYouMean(given, all)}`;
  throw new CodedError("GC1001", what, { remedy: `Give one of ${all.join(", ")}.` });
}

/** Returns the arguments of an action. Throws GC1001 where some are missing or too many. */
export function requireArguments<const Names extends readonly string[]>(
  action: string,
  names: Names,
  given: readonly string[],
): { [I in keyof Names]: string } {
  const usage = [action, ...names.map((name) => name.toUpperCase())].join(" ");
  if (given.length === names.length) return [...given] as { [I in keyof Names]: string };
  const missing = names.slice(given.length);
  const what =
    missing.length > 0
      ? `${missing.join(" and ")} is missing`
      : `too many arguments: ${given.slice(names.length).join(" ")}`;
  throw new CodedError("GC1001", `${action}: ${what}`, { remedy: `Type: npx glitchtip-compose ${usage}` });
}

/** Returns the error with everything that is wrong with the values of options. */
export const badValues = (problems: readonly string[]): CodedError =>
  new CodedError("GC1001", "these values cannot be used:", { problems });

const UNITS_MS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000 };

/** Returns the milliseconds of a time such as 30s, 10m or 1h; undefined for another text. */
export function durationMs(text: string): number | undefined {
  const [, number = "", unit = ""] = /^(\d{1,6})([smh])$/.exec(text) ?? [];
  const unitMs = UNITS_MS[unit];
  return unitMs === undefined ? undefined : Number(number) * unitMs;
}
