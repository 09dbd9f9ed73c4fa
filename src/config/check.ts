import { CodedError } from "../base/errors.ts";
import { crossChecks } from "./cross-checks.ts";
import { insideChecks, serversChecks } from "./inside/checks.ts";
import { problemsOf } from "./issues.ts";
import { withProductionDefaults } from "./production.ts";
import { salvage } from "./salvage.ts";
import { type Declaration, declarationSchema } from "./schema.ts";
import type { Problem } from "./server.ts";
import { missingKeys } from "./server-checks.ts";

/** For a declaration that was just made and has no lines yet; without the YAML parser, whose start costs `init` 20 ms. */
export const checkDeclaration = (value: unknown, file: string): Declaration =>
  checkInput(value, file, (problems) => problems.map(described));

export const described = ({ path, what }: Problem) =>
  path.length === 0 ? what : `${path.map(String).join(".")}: ${what}`;

type Lines = (problems: Problem[]) => string[];

/** Schema and cross checks of a stack's declaration; `lines` says where each problem is. */
export const checkInput = (value: unknown, file: string, lines: Lines): Declaration =>
  checkWith(withProductionDefaults(withEmptyOnes(value)), file, lines, missingInStack, crossChecks);

/** The same for the commands that look into servers: they need no stack, and know several servers. */
export const checkServers = (value: unknown, file: string, lines: Lines): Declaration =>
  checkWith(withProductionDefaults(withEmptyOnes(value)), file, lines, () => [], serversChecks);

const missingInStack = (input: unknown): Problem[] =>
  isMap(input) && input.servers !== undefined
    ? [{ path: ["servers"], what: "are for plan, apply and pull; a stack has one `server`", atKey: true }]
    : missingKeys(input);

function checkWith(
  input: unknown,
  file: string,
  lines: Lines,
  missing: (input: unknown) => Problem[],
  checks: (declaration: Declaration) => Problem[],
): Declaration {
  const parsed = declarationSchema.safeParse(input);
  const problems = [
    ...missing(input),
    ...(parsed.success
      ? [...checks(parsed.data), ...insideChecks(parsed.data)]
      : [
          ...problemsOf(parsed.error.issues, declarationSchema, (path) => valueAt(input, path)),
          ...insideChecks((salvage(declarationSchema, input) ?? {}) as Declaration),
        ]),
  ];
  if (!parsed.success || problems.length > 0) throw mistakes(file, lines(problems));
  return parsed.data;
}

export const mistakes = (file: string, problems: string[]) =>
  new CodedError("GC1101", `${problems.length === 1 ? "a mistake" : `${problems.length} mistakes`} in ${file}`, {
    problems,
    remedy: `Correct ${file}, then run it again.`,
  });

/** Maps of things whose defaults say it all: `projects: {shop: }` is a project with its defaults. */
const MAPS_OF_DEFAULTS = ["projects", "organizations", "servers"] as const;

function withEmptyOnes(value: unknown): unknown {
  if (!isMap(value)) return value;
  let result = value;
  for (const key of MAPS_OF_DEFAULTS) {
    const all = value[key];
    if (!isMap(all)) continue;
    // Nothing of these stands in a project.
    const filled = withEach(all, (one) => (key === "projects" ? (one ?? {}) : withEmptyOnes(one ?? {})));
    if (filled !== all) result = { ...result, [key]: filled };
  }
  return result;
}

/** The same map where nothing changes: there may be thousands in it. */
function withEach(map: Values, change: (value: unknown) => unknown): Values {
  let result: Record<string, unknown> | undefined;
  for (const [name, value] of Object.entries(map)) {
    const changed = change(value);
    if (changed === value) continue;
    result ??= { ...map };
    result[name] = changed;
  }
  return result ?? map;
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
