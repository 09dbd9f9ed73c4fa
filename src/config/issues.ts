import * as z from "zod/mini";
import { didYouMean } from "../base/did-you-mean.ts";
import { Secret } from "../base/secret.ts";
import type { KeyPath } from "./contents.ts";
import { declarationSchema } from "./schema.ts";
import type { DeclarationProblem } from "./server.ts";

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

/** zod/mini says only "Invalid input", so the words are made from the issue and the value that was found. */
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

type JsonSchema = z.core.JSONSchema.JSONSchema;

let declarationJsonSchema: JsonSchema | undefined;

/** Returns the keys that the declaration may have at a path. */
function keysAt(path: KeyPath): string[] {
  declarationJsonSchema ??= z.toJSONSchema(declarationSchema, { io: "input" });
  let forms = formsOf(declarationJsonSchema);
  for (const key of path) forms = forms.flatMap((form) => childrenOf(form, String(key))).flatMap(formsOf);
  return forms.flatMap(({ properties = {} }) => Object.keys(properties));
}

/** Returns the alternatives of a schema: itself, or those of a union. */
const formsOf = (schema: JsonSchema): JsonSchema[] =>
  schema.anyOf?.flatMap((form) => formsOf(form as JsonSchema)) ?? [schema];

const childrenOf = ({ properties, additionalProperties, items }: JsonSchema, key: string): JsonSchema[] =>
  [properties?.[key] ?? additionalProperties ?? items].filter((child) => typeof child === "object") as JsonSchema[];

/** Returns the issues of the form of a union that was meant: the one whose type is that of the value. */
function issuesOfMeantForm(issue: Issue & { code: "invalid_union" }, value: unknown): readonly Issue[] | undefined {
  const withoutAtRoot = (...codes: string[]) =>
    issue.errors.find((issues) => !issues.some(({ code, path }) => path.length === 0 && codes.includes(code)));
  const fits = withoutAtRoot("invalid_type", "invalid_value");
  return fits ?? (typeof value === "object" ? undefined : withoutAtRoot("invalid_type"));
}

const typesOf = (issue: Issue & { code: "invalid_union" }): string =>
  issue.errors
    .flatMap((issues) =>
      issues.flatMap((one) => {
        if (one.code === "invalid_value") return one.values.map(String);
        return one.code === "invalid_type" ? (TYPES[one.expected] ?? one.expected) : [];
      }),
    )
    .join(" or ");

/** Returns zod's issues as problems that a person can act on. `valueAt` gives what the declaration has at a path. */
export function schemaProblems(issues: readonly Issue[], valueAt: (path: KeyPath) => unknown): DeclarationProblem[] {
  return issues.flatMap((issue): DeclarationProblem[] => {
    if (issue.code === "unrecognized_keys") return unknownKeys(issue);
    if (issue.code === "invalid_union") {
      const meant = issuesOfMeantForm(issue, valueAt(issue.path))?.map((one) => ({
        ...one,
        path: [...issue.path, ...one.path],
      }));
      if (meant !== undefined) return schemaProblems(meant, valueAt);
      return [{ path: issue.path, what: `must be ${typesOf(issue)}, not ${shown(valueAt(issue.path))}` }];
    }
    if (issue.code === "invalid_key") {
      return issue.issues.map((inner) => ({ path: issue.path, what: `the name ${what(inner, issue.path.at(-1))}` }));
    }
    const value = valueAt(issue.path);
    // It may be the password itself instead of a reference to it.
    const told = issue.path.at(-1) === "password" && value !== undefined ? new Secret(String(value)) : value;
    return [{ path: issue.path, what: what(issue, told) }];
  });
}

/** `__proto__` has a problem of its own, which says more. */
function unknownKeys({ keys, path }: Issue & { code: "unrecognized_keys" }): DeclarationProblem[] {
  const known = keysAt(path);
  return keys
    .filter((key) => key !== "__proto__")
    .map((key) => ({ path: [...path, key], what: `unknown key${didYouMean(key, known)}`, atKey: true }));
}
