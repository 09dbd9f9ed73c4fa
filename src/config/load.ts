import { type Document, isMap, isPair, isScalar, LineCounter, type Node, parseDocument } from "yaml";
import { CodedError } from "../base/errors.ts";
import { checkInput, checkServers, described, mistakes } from "./check.ts";
import type { Declaration } from "./schema.ts";
import type { Problem } from "./server.ts";

/** A stack's declaration with its defaults. Throws GC1101 with every problem, each at its line and column. */
export const loadDeclaration = (text: string, file: string): Declaration => load(text, file, checkInput);

/** For the commands that look into servers. Throws as `loadDeclaration` does. */
export const loadServers = (text: string, file: string): Declaration => load(text, file, checkServers);

function load(text: string, file: string, check: typeof checkInput): Declaration {
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
  return check(toValue(document, file), file, (problems) =>
    problems
      .map((problem) => ({ problem, offset: offsetOf(document, problem) }))
      .sort((a, b) => a.offset - b.offset)
      .map(({ problem, offset }) => `${at(offset)}: ${described(problem)}`),
  );
}

function toValue(document: Document, file: string): unknown {
  try {
    return document.toJS();
  } catch (cause) {
    throw new CodedError("GC1102", `${file} cannot be read: its aliases do not resolve`, { cause });
  }
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
