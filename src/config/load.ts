import { Document, isMap, isPair, isScalar, LineCounter, type Node, YAMLParseError } from "yaml";
import { CodedError } from "../base/errors.ts";
import { MAX_ALIASES, nestedAlias, parseBounded, TOO_MANY_ALIASES } from "../compose/yaml-limits.ts";
import { checkInput, checkServers, mistakes, problemText } from "./check.ts";
import type { Declaration } from "./schema.ts";
import type { DeclarationProblem } from "./server.ts";

/** Returns a stack's declaration with its defaults. Throws GC1101 with every problem, each at its line and column. */
export const loadDeclaration = (text: string, file: string): Declaration =>
  checkInput(parseDeclaration(text, file), file, locatedIn(text, file));

/** Returns a declaration for the commands that look into servers. Throws as `loadDeclaration` does. */
export const loadServers = (text: string, file: string): Declaration =>
  checkServers(parseDeclaration(text, file), file, locatedIn(text, file));

/** Returns GC1101 with problems that only the workspace shows, each at its line and column. */
export const declarationMistakes = (text: string, file: string, problems: DeclarationProblem[]): CodedError =>
  mistakes(file, locatedIn(text, file)(problems));

/** The declaration that was parsed last: a command reads the same text several times, and 1 MB of it takes a second. */
let last: { readonly text: string; readonly value: unknown } | undefined;

/** Returns the values of a declaration, still unchecked; nobody may change them. Throws GC1101 where the text is not YAML. */
export function parseDeclaration(text: string, file: string): unknown {
  if (last?.text !== text) last = { text, value: valuesIn(text, file) };
  return last.value;
}

function valuesIn(text: string, file: string): unknown {
  const { document, at } = parseDocumentOf(text, file);
  if (document.errors.length === 0) return toValue(document, file, at);
  const problems = document.errors.map(({ pos, message }) => `${at(pos[0])}: ${message.replaceAll("\n", " ")}`);
  throw mistakes(file, problems);
}

/**
 * Returns a function that says where problems of a declaration are. It parses the text once more: a document with its
 * positions takes ten times the memory of its values, and is needed only here.
 */
const locatedIn = (text: string, file: string) => (problems: DeclarationProblem[]) => {
  const { document, at } = parseDocumentOf(text, file);
  return problems
    .map((problem) => ({ problem, offset: offsetOf(document, problem) }))
    .sort((a, b) => a.offset - b.offset)
    .map(({ problem, offset }) => `${at(offset)}: ${problemText(problem)}`);
};

interface LocatedDocument {
  readonly document: Document;
  /** Turns an offset into `FILE:LINE:COLUMN`. */
  readonly at: (offset: number) => string;
}

function parseDocumentOf(text: string, file: string): LocatedDocument {
  const lines = new LineCounter();
  const tooDeep = (line: number, why: string) => mistakes(file, [`${file}:${line}: ${why}`]);
  const [first, second] = parseBounded(text, lines, tooDeep, { forceDocument: true });
  const document = first ?? new Document();
  if (second !== undefined) {
    const [start, end] = second.range;
    document.errors.push(new YAMLParseError([start, end], "MULTIPLE_DOCS", "the file has more than one YAML document"));
  }
  const at = (offset: number): string => {
    const { line, col } = lines.linePos(offset);
    return `${file}:${line}:${col}`;
  };
  return { document, at };
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
