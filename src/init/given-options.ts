import { isDeepStrictEqual } from "node:util";
import { CodedError } from "../base/errors.ts";
import { schemaProblems } from "../config/issues.ts";
import { declarationSchema } from "../config/schema.ts";
import { NEEDS_DOMAIN } from "./option-conditions.ts";
import { flagName, isRepeatable, isValueRow, type OptionRow, type RepeatableRow, type ValueRow } from "./option-row.ts";
import { type InitOptionName, type InitOptions, OPTION_ROWS } from "./options.ts";
import { setAt, valueAt } from "./stated-values.ts";

/** What the command line holds by option: a text, the texts of a repeatable option, or a switch. */
export type GivenOptions = Readonly<Partial<Record<InitOptionName, string | readonly string[] | boolean>>>;

/** Parses the options. Throws one error with all problems: bad values, then options that do not go together. */
export function parseInitOptions(given: GivenOptions): InitOptions {
  const problems: string[] = [];
  const parsed = OPTION_ROWS.flatMap(([name, row]) => {
    const text = given[name];
    if (text === undefined || text === false) return [];
    if (!isValueRow(row) || text === true) return [[name, true] as const];
    const value = typeof text === "string" ? parseOne(row, text, problems) : parseEach(row, text, problems);
    return value === undefined ? [] : [[name, value] as const];
  });
  const combined = new Set(
    OPTION_ROWS.flatMap(([name, row]) => [...conflictOf(given, name, row), ...lackOf(given, name, row)]),
  );
  const isQuestion = problems.length === 0 && combined.size === 0;
  const [first] = withoutDomain(given);
  problems.push(...[...combined].sort(), ...(first === undefined ? [] : [NEEDS_DOMAIN.problem(first)]));
  if (problems.length === 0) return Object.fromEntries(parsed);
  if (isQuestion) throw new CodedError("GC1002", "an option is missing:", { problems });
  throw new CodedError("GC1001", "these values cannot be used:", { problems });
}

/** Whether the options are for production, and the domain is not among them. */
export const lacksDomain = (given: GivenOptions): boolean => withoutDomain(given).length > 0;

/** Returns the names of the options that need the domain, which is not given. */
const withoutDomain = (given: GivenOptions): string[] =>
  OPTION_ROWS.flatMap(([name, row]) =>
    row.needs === NEEDS_DOMAIN && isGiven(given, name) && !isGiven(given, "domain") ? [flagName(row)] : [],
  );

/** Returns what is wrong with the value of an option, by its parser or by the declaration's schema, or undefined. */
export function problemOfValue(row: OptionRow, text: string): string | undefined {
  if (!isValueRow(row)) return undefined;
  const problems: string[] = [];
  const value = parseOne(row, text, problems);
  return problems[0] ?? (row.at && problemAt(row.at, value));
}

/** Returns what the declaration's schema says against a value at a key. Checks of several keys are made later. */
function problemAt(at: readonly string[], value: unknown): string | undefined {
  const stated = {};
  setAt(stated, at, value);
  const issues = declarationSchema.safeParse(stated).error?.issues ?? [];
  return schemaProblems(issues, (path) => valueAt(stated, path.map(String))).find(
    ({ path }) => path.join(".") === at.join("."),
  )?.what;
}

function parseOne(row: ValueRow<unknown>, text: string, problems: string[]): unknown {
  const shown = row.secret ? "" : ` ${text}`;
  return row.parse(text, (expected) => {
    problems.push(`${flagName(row)}${shown}: ${expected}`);
    return undefined;
  });
}

/** Parses `SERVICE=VALUE` texts into values by service. */
function parseEach(row: ValueRow<unknown>, texts: readonly string[], problems: string[]): unknown {
  if (!isRepeatable(row)) return undefined;
  const entries = texts.flatMap((text) => entryOf(row, text, problems));
  for (const [at, [service, value]] of entries.entries()) {
    const first = entries.find(([name]) => name === service);
    if (first === entries[at] || isDeepStrictEqual(first?.[1], value)) continue;
    problems.push(`${flagName(row)}: ${service} is given twice, with different values`);
  }
  return Object.fromEntries(entries);
}

function entryOf(row: RepeatableRow<unknown>, text: string, problems: string[]): (readonly [string, unknown])[] {
  const at = text.indexOf("=");
  const value = at > 0 ? row.parse(text.slice(at + 1), () => undefined) : undefined;
  if (value === undefined) problems.push(`${flagName(row)} ${text}: ${wantedForm(row, text)}`);
  return value === undefined ? [] : [[text.slice(0, at), value]];
}

function wantedForm(row: RepeatableRow<unknown>, text: string): string {
  const [, service] = /^([^=]+)=?$/.exec(text) ?? [];
  if (service === undefined || row.missing === undefined) return row.form;
  return `${row.missing}. → ${flagName(row)} ${service}=${service}`;
}

const isGiven = (given: GivenOptions, name: string): boolean => {
  const value = given[name as InitOptionName];
  return value !== undefined && value !== false;
};

function conflictOf(given: GivenOptions, name: InitOptionName, row: OptionRow): string[] {
  const { notWith } = row;
  if (notWith === undefined || !isGiven(given, name) || !isGiven(given, notWith.option)) return [];
  return [notWith.problem(flagName(row), String(given[notWith.option as InitOptionName]))];
}

function lackOf(given: GivenOptions, name: InitOptionName, row: OptionRow): string[] {
  const { needs } = row;
  if (
    needs === undefined ||
    needs === NEEDS_DOMAIN ||
    !isGiven(given, name) ||
    needs.oneOf.some((other) => isGiven(given, other))
  )
    return [];
  return [typeof needs.problem === "string" ? needs.problem : needs.problem(flagName(row))];
}
