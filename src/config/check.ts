import { CodedError } from "../base/errors.ts";
import { crossChecks } from "./cross-checks.ts";
import { problemsOf } from "./issues.ts";
import { withProductionDefaults } from "./production.ts";
import { type Declaration, declarationSchema } from "./schema.ts";
import type { Problem } from "./server.ts";
import { missingKeys } from "./server-checks.ts";

/** For a declaration that was just made and has no lines yet; without the YAML parser, whose start costs `init` 20 ms. */
export const checkDeclaration = (value: unknown, file: string): Declaration =>
  checkInput(value, file, (problems) => problems.map(described));

export const described = ({ path, what }: Problem) =>
  path.length === 0 ? what : `${path.map(String).join(".")}: ${what}`;

/** Schema and cross checks; `lines` says where each problem is. */
export function checkInput(value: unknown, file: string, lines: (problems: Problem[]) => string[]): Declaration {
  const input = withProductionDefaults(withEmptyProjects(value));
  const parsed = declarationSchema.safeParse(input);
  const problems = parsed.success
    ? [...missingKeys(input), ...crossChecks(parsed.data)]
    : [...missingKeys(input), ...problemsOf(parsed.error.issues, declarationSchema, (path) => valueAt(input, path))];
  if (!parsed.success || problems.length > 0) throw mistakes(file, lines(problems));
  return parsed.data;
}

export const mistakes = (file: string, problems: string[]) =>
  new CodedError("GC1101", `${problems.length === 1 ? "a mistake" : `${problems.length} mistakes`} in ${file}`, {
    problems,
    remedy: `Correct ${file}, then run it again.`,
  });

/** `projects: {shop: }` says all there is to say: a project with its defaults. */
function withEmptyProjects(value: unknown): unknown {
  if (typeof value !== "object" || value === null || !("projects" in value)) return value;
  const { projects } = value;
  if (typeof projects !== "object" || projects === null || Array.isArray(projects)) return value;
  return {
    ...value,
    projects: Object.fromEntries(Object.entries(projects).map(([key, project]) => [key, project ?? {}])),
  };
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  let found = value;
  for (const key of path) {
    if (typeof found !== "object" || found === null || !Object.hasOwn(found, key)) return undefined;
    found = (found as Record<PropertyKey, unknown>)[key];
  }
  return found;
}
