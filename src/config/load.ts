import { type Document, isMap, isPair, isScalar, LineCounter, type Node, parseDocument } from "yaml";
import { CodedError } from "../base/errors.ts";
import { crossChecks } from "./cross-checks.ts";
import { problemsOf } from "./issues.ts";
import { type Declaration, declarationSchema } from "./schema.ts";
import type { Problem } from "./server.ts";

/** The declaration with its defaults. Throws GC1101 with every problem, each at its line and column. */
export function loadDeclaration(text: string, file: string): Declaration {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, merge: true, prettyErrors: false });
  const at = (offset: number) => {
    const { line, col } = lines.linePos(offset);
    return `${file}:${line}:${col}`;
  };
  if (document.errors.length > 0) {
    throw mistakes(
      file,
      document.errors.map((error) => `${at(error.pos[0])}: ${error.message.replaceAll("\n", " ")}`),
    );
  }
  return check(toValue(document, file), file, (problems) =>
    problems
      .map((problem) => ({ problem, offset: offsetOf(document, problem) }))
      .sort((a, b) => a.offset - b.offset)
      .map(({ problem, offset }) => `${at(offset)}: ${described(problem)}`),
  );
}

/** The same for a declaration that was just made and has no lines yet. */
export const checkDeclaration = (value: unknown, file: string): Declaration =>
  check(value, file, (problems) => problems.map(described));

const described = ({ path, what }: Problem) => (path.length === 0 ? what : `${path.map(String).join(".")}: ${what}`);

function check(value: unknown, file: string, lines: (problems: Problem[]) => string[]): Declaration {
  const input = withEmptyProjects(value);
  const parsed = declarationSchema.safeParse(input);
  const problems = parsed.success
    ? crossChecks(parsed.data)
    : problemsOf(parsed.error.issues, declarationSchema, (path) => valueAt(input, path));
  if (!parsed.success || problems.length > 0) throw mistakes(file, lines(problems));
  return parsed.data;
}

const mistakes = (file: string, problems: string[]) =>
  new CodedError("GC1101", `${file} has ${problems.length === 1 ? "a mistake" : `${problems.length} mistakes`}`, {
    problems,
    remedy: `Correct ${file}, then run it again.`,
  });

function toValue(document: Document, file: string): unknown {
  try {
    return document.toJS();
  } catch (cause) {
    throw new CodedError("GC1102", `${file} cannot be read: its aliases do not resolve`, { cause });
  }
}

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

/** Where the value of a path begins, or its key if it is a map, or the nearest thing around it that exists. */
function offsetOf(document: Document, { path, atKey = false }: Problem): number {
  const start = (node: unknown) => (node as Node | null | undefined)?.range?.[0];
  let node: unknown = document.contents;
  let offset = start(node) ?? 0;
  for (const [depth, key] of path.entries()) {
    if (isMap(node)) {
      const pair = node.items.find((item) => isPair(item) && isScalar(item.key) && String(item.key.value) === key);
      if (pair === undefined) return offset;
      const last = depth === path.length - 1 && !atKey;
      offset = (last && isScalar(pair.value) ? start(pair.value) : undefined) ?? start(pair.key) ?? offset;
      node = pair.value;
    } else {
      node = document.getIn(path.slice(0, depth + 1), true);
      offset = start(node) ?? offset;
    }
  }
  return offset;
}
