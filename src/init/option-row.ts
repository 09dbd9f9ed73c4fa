import { withoutFinalSlash } from "../config/schema/primitives.ts";
import { parseReference, REFERENCE_FORMS } from "../references/reference.ts";

/** Says what a value should have been, for the list of problems; returns undefined for `parse` to hand on. */
export type Refuse = (expected: string) => undefined;

export interface SwitchRow {
  /** The option's name and the placeholder of its value, as commander reads them. */
  readonly flag: string;
  readonly help: string;
  /** The option makes sense only together with one of these. The problem's text may get this option's name. */
  readonly needs?: { readonly oneOf: readonly string[]; readonly problem: string | ((name: string) => string) };
  /** The option contradicts this one. The problem's text gets this option's name and the other one's value. */
  readonly notWith?: { readonly option: string; problem(name: string, other: string): string };
}

export interface ValueRow<Value> extends SwitchRow {
  /** The declaration's key. `*` is the service that a repeatable option names before `=`. */
  readonly at?: readonly string[];
  /** The key's whole section may be added to a declaration that has none. */
  readonly addsSection?: true;
  /** A value that cannot be used may be a secret: it is not shown. */
  readonly secret?: true;
  parse(text: string, refuse: Refuse): Value | undefined;
  /** Asked on a terminal where the option is not given. */
  readonly question?: { readonly message: string; readonly placeholder?: string; readonly suggested?: string };
}

export interface RepeatableRow<Value> extends ValueRow<Value> {
  readonly repeatable: true;
  /** What follows the option's name, for the list of problems. */
  readonly form: string;
  /** What is missing where the text names only a service; the service's own name would do. */
  readonly missing?: string;
}

export type OptionRow = SwitchRow | ValueRow<unknown> | RepeatableRow<unknown>;

/** Infers the type of an option's value from its parser. */
export const valueRow = <Value>(row: ValueRow<Value>): ValueRow<Value> => row;
export const byServiceRow = <Value>(row: Omit<RepeatableRow<Value>, "repeatable">): RepeatableRow<Value> => ({
  ...row,
  repeatable: true,
});

/** Takes what the schema judges later. */
export const anyText = (text: string): string => text;
export const parseUrl = (text: string): string => withoutFinalSlash(text);
export const oneOf =
  <const Words extends readonly string[]>(...words: Words) =>
  (text: string, refuse: Refuse): Words[number] | undefined =>
    words.find((word) => word === text) ?? refuse(words.join(" or "));
export const parseSecretReference = (text: string, refuse: Refuse) =>
  parseReference(text) === undefined ? refuse(REFERENCE_FORMS) : text;
export const fileReference = (text: string): string => `file:${text.replace(/^file:/, "")}`;

export function parsePort(text: string, refuse: Refuse): number | undefined {
  const number = Number(text);
  return Number.isInteger(number) && number > 0 && number < 65536 ? number : refuse("a number from 1 to 65535");
}

/** Parses a list of words written as JSON; undefined for anything else. */
export function parseWords(text: string): string[] | undefined {
  try {
    const parsed: unknown = JSON.parse(text);
    return Array.isArray(parsed) && parsed.every((word) => typeof word === "string") ? parsed : undefined;
  } catch {
    return undefined;
  }
}

export const isValueRow = (row: OptionRow): row is ValueRow<unknown> => "parse" in row;
export const isRepeatable = (row: OptionRow): row is RepeatableRow<unknown> => "repeatable" in row;

/** Returns the option as one types it: `--port`. */
export const flagName = ({ flag }: SwitchRow): string => flag.split(" ", 1)[0] ?? flag;
