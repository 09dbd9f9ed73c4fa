import type * as z from "zod/mini";
import { didYouMean } from "../base/did-you-mean.ts";
import { Secret } from "../base/secret.ts";
import { definition } from "./salvage.ts";
import type { Problem } from "./server.ts";

type Issue = z.core.$ZodIssue;

const TYPES: Readonly<Record<string, string>> = {
  string: "a text",
  number: "a number",
  int: "a whole number",
  array: "a list",
  object: "a map",
  record: "a map",
};

function shown(value: unknown): string {
  if (value instanceof Secret) return String(value);
  if (value === null) return "nothing";
  if (Array.isArray(value)) return "a list";
  return typeof value === "object" ? "a map" : JSON.stringify(value);
}

function range(issue: Issue & { code: "too_small" | "too_big" }): string {
  const [word, limit] =
    issue.code === "too_small" ? (["at least", issue.minimum] as const) : (["at most", issue.maximum] as const);
  if (issue.origin === "string") return limit === 1 ? "must not be empty" : `must have ${word} ${limit} characters`;
  if (issue.origin === "array") return `must have ${word} ${limit} ${limit === 1 ? "item" : "items"}`;
  return `must be ${word} ${limit}`;
}

/** zod/mini says only "Invalid input": the words are ours, made from the issue and the value that was found. */
function what(issue: Issue, value: unknown): string {
  if (issue.message !== "Invalid input") return issue.message;
  switch (issue.code) {
    case "invalid_type":
      return value === undefined
        ? "is missing"
        : `must be ${TYPES[issue.expected] ?? issue.expected}, not ${shown(value)}`;
    case "invalid_value": {
      if (value === undefined) return "is missing";
      const values = issue.values.map(String);
      const [only, second] = values;
      const wanted = second === undefined ? `must be ${only}` : `must be one of ${values.join(", ")}`;
      return `${wanted}, not ${shown(value)}${typeof value === "string" ? didYouMean(value, values) : ""}`;
    }
    case "too_small":
    case "too_big":
      return range(issue);
    default:
      return "is not valid";
  }
}

/** The names a map may have at this path, read from the schema. */
function keysAt(schema: z.core.$ZodType, path: readonly PropertyKey[]): string[] {
  let def = definition(schema);
  for (const key of path) {
    const shape = def.shape as Record<PropertyKey, unknown> | undefined;
    const next = shape?.[key] ?? def.valueType ?? def.element;
    if (next === undefined) return [];
    def = definition(next as z.core.$ZodType);
  }
  return Object.keys((def.shape as object | undefined) ?? {});
}

/** Of a value that may have several forms: the problems of the form that was meant, the one of the value's own type. */
function inUnion(issue: Issue & { code: "invalid_union" }, value: unknown): readonly Issue[] | undefined {
  const withoutAtRoot = (...codes: string[]) =>
    issue.errors.find((issues) => !issues.some(({ code, path }) => path.length === 0 && codes.includes(code)));
  const fits = withoutAtRoot("invalid_type", "invalid_value");
  return fits ?? (typeof value === "object" ? undefined : withoutAtRoot("invalid_type"));
}

const formsOf = (issue: Issue & { code: "invalid_union" }): string =>
  issue.errors
    .flatMap((issues) =>
      issues.flatMap((one) => {
        if (one.code === "invalid_value") return one.values.map(String);
        return one.code === "invalid_type" ? (TYPES[one.expected] ?? one.expected) : [];
      }),
    )
    .join(" or ");

/** zod's issues as problems a person can act on; a path may end in a key that should not be there. */
export function problemsOf(issues: readonly Issue[], schema: z.core.$ZodType, valueAt: ValueAt): Problem[] {
  return issues.flatMap((issue): Problem[] => {
    if (issue.code === "unrecognized_keys") {
      const known = keysAt(schema, issue.path);
      const unknown = (key: string) => `unknown key${didYouMean(key, known)}`;
      return issue.keys.map((key) => ({ path: [...issue.path, key], what: unknown(key), atKey: true }));
    }
    if (issue.code === "invalid_union") {
      const meant = inUnion(issue, valueAt(issue.path))?.map((one) => ({ ...one, path: [...issue.path, ...one.path] }));
      if (meant !== undefined) return problemsOf(meant, schema, valueAt);
      return [{ path: issue.path, what: `must be ${formsOf(issue)}, not ${shown(valueAt(issue.path))}` }];
    }
    if (issue.code === "invalid_key") {
      return issue.issues.map((inner) => ({ path: issue.path, what: `the name ${what(inner, issue.path.at(-1))}` }));
    }
    const value = valueAt(issue.path);
    // Somebody may have written the password itself there.
    const told = issue.path.at(-1) === "password" && value !== undefined ? new Secret(String(value)) : value;
    return [{ path: issue.path, what: what(issue, told) }];
  });
}

export type ValueAt = (path: readonly PropertyKey[]) => unknown;
