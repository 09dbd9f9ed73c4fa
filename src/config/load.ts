import { type Document, isCollection, isMap, isPair, isScalar, LineCounter, type Node, parseDocument } from "yaml";
import { CodedError } from "../base/errors.ts";
import { asText, type Text } from "../base/text.ts";
import { checkInput, checkServers, described, mistakes } from "./check.ts";
import { plainYaml } from "./plain-yaml.ts";
import type { Declaration } from "./schema.ts";
import type { Problem } from "./server.ts";

/** A stack's declaration with its defaults. Throws GC1101 with every problem, each at its line and column. */
export const loadDeclaration = (text: string | Text, file: string): Declaration => load(text, file, checkInput);

/** For the commands that look into servers. Throws as `loadDeclaration` does. */
export const loadServers = (text: string | Text, file: string): Declaration => load(text, file, checkServers);

function load(given: string | Text, file: string, check: typeof checkInput): Declaration {
  const text = asText(given);
  return check(plainYaml(text.pieces()) ?? parsed(text.whole(), file), file, (problems) => {
    const { document, at } = located(text.whole(), file);
    return problems
      .map((problem) => ({ problem, offset: offsetOf(document, problem) }))
      .sort((a, b) => a.offset - b.offset)
      .map(({ problem, offset }) => `${at(offset)}: ${described(problem)}`);
  });
}

/** By the library. It looks for doubles pair by pair, seconds for thousands of keys, so only where there are some. */
function parsed(text: string, file: string): unknown {
  const document = parseDocument(text, { ...HOW, uniqueKeys: false });
  const uniqueKeys = hasDoubles(document.contents);
  if (document.errors.length > 0 || uniqueKeys) {
    const { document: exact, at } = located(text, file, uniqueKeys);
    const places = exact.errors.map((error) => `${at(error.pos[0])}: ${error.message.replaceAll("\n", " ")}`);
    if (places.length > 0) throw mistakes(file, places);
  }
  return toValue(document, file);
}

const HOW = { merge: true, prettyErrors: false } as const;

/** Looking for doubles takes the library as long again, so only where there are some. */
function located(text: string, file: string, uniqueKeys = false) {
  const lines = new LineCounter();
  const document = parseDocument(text, { ...HOW, uniqueKeys, lineCounter: lines });
  const at = (offset: number): string => {
    const { line, col } = lines.linePos(offset);
    return `${file}:${line}:${col}`;
  };
  return { document, at };
}

/** Whether any map seems to have a key twice. */
function hasDoubles(node: unknown): boolean {
  if (!isCollection(node)) return false;
  if (!isMap(node)) return node.items.some(hasDoubles);
  const keys = new Set(node.items.map(({ key }) => (isScalar(key) ? key.value : key)));
  return keys.size < node.items.length || node.items.some(({ key, value }) => hasDoubles(key) || hasDoubles(value));
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
