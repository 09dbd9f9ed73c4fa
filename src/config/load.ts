import { type Document, isMap, isPair, isScalar, LineCounter, type Node, parseDocument } from "yaml";
import { CodedError } from "../base/errors.ts";
import { MAX_ALIASES, nestedAlias, TOO_DEEP, TOO_MANY_ALIASES, tooDeepAt } from "../compose/yaml-limits.ts";
import { checkInput, checkServers, mistakes, problemText } from "./check.ts";
import type { Declaration } from "./schema.ts";
import type { DeclarationProblem } from "./server.ts";

/** Returns a stack's declaration with its defaults. Throws GC1101 with every problem, each at its line and column. */
export const loadDeclaration = (text: string, file: string): Declaration => load(text, file, checkInput);

/** Returns a declaration for the commands that look into servers. Throws as `loadDeclaration` does. */
export const loadServers = (text: string, file: string): Declaration => load(text, file, checkServers);

function load(text: string, file: string, check: typeof checkInput): Declaration {
  const deep = tooDeepAt(text);
  if (deep !== undefined) throw mistakes(file, [`${file}:${text.slice(0, deep).split("\n").length}: ${TOO_DEEP}`]);
  const lines = new LineCounter();
  const document = parseDocument(text, { merge: true, prettyErrors: false, lineCounter: lines });
  const at = (offset: number): string => {
    const { line, col } = lines.linePos(offset);
    return `${file}:${line}:${col}`;
  };
  if (document.errors.length > 0) {
    const problems = document.errors.map(({ pos, message }) => `${at(pos[0])}: ${message.replaceAll("\n", " ")}`);
    throw mistakes(file, problems);
  }
  return check(toValue(document, file, at), file, (problems) =>
    problems
      .map((problem) => ({ problem, offset: offsetOf(document, problem) }))
      .sort((a, b) => a.offset - b.offset)
      .map(({ problem, offset }) => `${at(offset)}: ${problemText(problem)}`),
  );
}

function toValue(document: Document, file: string, at: (offset: number) => string): unknown {
  try {
    return document.toJS({ maxAliasCount: MAX_ALIASES });
  } catch (cause) {
    const nested = nestedAlias(document);
    if (nested !== undefined) {
      throw new CodedError("GC1102", `${at(nested.range?.[0] ?? 0)} cannot be read: ${TOO_MANY_ALIASES}`, { cause });
    }
    throw new CodedError("GC1102", `${file} cannot be read: its aliases do not resolve`, { cause });
  }
}

/** Returns where the value of a path begins: of a map its key, and of a missing value the nearest thing around it. */
function offsetOf(document: Document, { path, atKey = false }: DeclarationProblem): number {
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
