import { CodedError } from "../base/errors.ts";
import type { KeyPath } from "./contents.ts";
import { contentsChecks, serversChecks } from "./contents-checks.ts";
import { schemaProblems } from "./issues.ts";
import { withProductionDefaults } from "./production.ts";
import { salvageContents } from "./salvage.ts";
import { type Declaration, declarationSchema } from "./schema.ts";
import type { DeclarationProblem } from "./server.ts";
import { missingKeys, stackChecks } from "./stack-checks.ts";

/** Checks a declaration that was just made and has no lines yet. Throws GC1101 with all problems. */
export const checkDeclaration = (
  value: unknown,
  file: string,
  textOf: (problem: DeclarationProblem) => string = problemText,
): Declaration => checkInput(value, file, (problems) => problems.map(textOf));

export const problemText = ({ path, what }: DeclarationProblem): string =>
  path.length === 0 ? what : `${path.map(String).join(".")}: ${what}`;

/** Turns problems into texts that say where each one is. */
type Describe = (problems: DeclarationProblem[]) => string[];

/** Checks the declaration of a stack and fills in its defaults. Throws GC1101 with all problems. */
export const checkInput = (value: unknown, file: string, describe: Describe): Declaration =>
  checkWith(withProductionDefaults(withEmptyOnes(value)), file, describe, missingInStack, stackChecks);

/** Checks a declaration for the commands that look into servers, which need no stack and know several servers. */
export const checkServers = (value: unknown, file: string, describe: Describe): Declaration =>
  checkWith(withProductionDefaults(withEmptyOnes(value)), file, describe, () => [], serversChecks);

const missingInStack = (input: unknown): DeclarationProblem[] =>
  isMap(input) && input.servers !== undefined
    ? [{ path: ["servers"], what: "are for plan, apply and pull; a stack has one `server`", atKey: true }]
    : missingKeys(input);

/** Returns true where a value passes every check that its JSON Schema states; it may still contradict itself. */
export function isWellFormed(value: unknown): boolean {
  const { parsed, characters } = checkForm(withEmptyOnes(value));
  return parsed.success && characters.length === 0;
}

const checkForm = (input: unknown) => ({
  parsed: declarationSchema.safeParse(input),
  characters: [...prototypeKeys(input), ...unwritableTexts(input)],
});

function checkWith(
  input: unknown,
  file: string,
  describe: Describe,
  missing: (input: unknown) => DeclarationProblem[],
  checks: (declaration: Declaration) => DeclarationProblem[],
): Declaration {
  const { parsed, characters } = checkForm(input);
  const problems = [
    ...missing(input),
    ...characters,
    ...(parsed.success
      ? [...checks(parsed.data), ...contentsChecks(parsed.data)]
      : [
          ...schemaProblems(parsed.error.issues, (path) => valueAt(input, path)),
          ...contentsChecks(salvageContents(input)),
        ]),
  ];
  if (!parsed.success || problems.length > 0) throw mistakes(file, describe(problems));
  return parsed.data;
}

export const mistakes = (file: string, problems: string[]) =>
  new CodedError("GC1101", `${problems.length === 1 ? "a mistake" : `${problems.length} mistakes`} in ${file}`, {
    problems,
    remedy: `Correct ${file}, then run the command again.`,
  });

/** Maps whose entries may be empty: `projects: {shop: }` is a project with its defaults. */
const MAPS_OF_DEFAULTS = ["projects", "organizations", "servers"] as const;

function withEmptyOnes(value: unknown): unknown {
  if (!isMap(value)) return value;
  const filled = MAPS_OF_DEFAULTS.flatMap((key) => {
    const entries = value[key];
    if (!isMap(entries)) return [];
    // A project holds none of these maps.
    const fill = (one: unknown) => (key === "projects" ? (one ?? {}) : withEmptyOnes(one ?? {}));
    return [[key, Object.fromEntries(Object.entries(entries).map(([name, one]) => [name, fill(one)]))] as const];
  });
  return { ...value, ...Object.fromEntries(filled) };
}

/** Names become keys of objects, where `__proto__` would set the prototype. zod leaves such a key out without a word. */
function prototypeKeys(value: unknown, path: KeyPath = []): DeclarationProblem[] {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) =>
    key === "__proto__"
      ? [{ path: [...path, key], what: "is a reserved name; choose another one", atKey: true }]
      : prototypeKeys(inner, [...path, key]),
  );
}

/** Compose refuses a file with the control characters from U+0080 on, or reads them, and U+2028, as a line's end. */
export const UNWRITABLE = /[\u0080-\u009f\u2028\u2029\ufeff\ufffe\uffff]/;

function unwritableTexts(value: unknown, path: KeyPath = []): DeclarationProblem[] {
  if (typeof value === "string") {
    return UNWRITABLE.test(value) ? [{ path, what: "must not contain control characters" }] : [];
  }
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => [
    ...(UNWRITABLE.test(key) ? [{ path, what: "must not have a key with control characters" }] : []),
    ...unwritableTexts(inner, [...path, key]),
  ]);
}

type Values = Readonly<Record<string, unknown>>;

const isMap = (value: unknown): value is Values => typeof value === "object" && value !== null && !Array.isArray(value);

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  let found = value;
  for (const key of path) {
    if (typeof found !== "object" || found === null || !Object.hasOwn(found, key)) return undefined;
    found = (found as Record<PropertyKey, unknown>)[key];
  }
  return found;
}
