import { isDeepStrictEqual } from "node:util";
import { Document, isMap, isPair, isScalar, type Node, type Pair, parseDocument, Scalar, type YAMLMap } from "yaml";
import { mistakes } from "./check.ts";

type KeyNames = readonly string[];

/** Whether the text has blanks inside its braces, or no braces at all. */
export const padsBraces = (text: string): boolean => /\{ /.test(text) || !/\{\w/.test(text);

/**
 * Sets a value in the declaration, or deletes it where `value` is undefined, and returns the new text. In a block map only
 * the lines of the value change. Elsewhere, as between braces, the yaml package writes the whole document: comments stay,
 * blanks may change.
 */
export function editDeclaration(text: string, path: KeyNames, value: unknown): string {
  const document = parsed(text);
  const spliced = value === undefined ? withoutLines(text, document, path) : withLines(text, document, path, value);
  if (value === undefined) document.deleteIn(path);
  else setIn(document, path.map(asKey), document.createNode(value, { flow: true }));
  const wanted = document.toJS();
  if (spliced !== undefined && comesTo(spliced, wanted)) return spliced;
  return withBytesOf(text, document.toString({ lineWidth: 0, flowCollectionPadding: padsBraces(text) }));
}

/** The yaml package writes neither a byte order mark nor CRLF; the result has them where the text has them. */
function withBytesOf(text: string, written: string): string {
  const mark = text.startsWith("\uFEFF") && !written.startsWith("\uFEFF") ? "\uFEFF" : "";
  return mark + (text.includes("\r\n") ? written.replaceAll(/\r?\n/g, "\r\n") : written);
}

function parsed(text: string): Document.Parsed {
  const document = parseDocument(text, { merge: true });
  const [error] = document.errors;
  if (error !== undefined) throw mistakes("glitchtip.yaml", [error.message]);
  return document;
}

/** Quotes the name `<<`, which would otherwise be the merge key. */
function asKey(name: string): Scalar {
  const key = new Scalar(name);
  if (name === "<<") key.type = Scalar.QUOTE_DOUBLE;
  return key;
}

function setIn(document: Document, path: readonly Scalar[], value: Node): void {
  // `apps:` without a value is not a map yet.
  const parent = path.slice(0, -1);
  const isNothing = parent.length > 0 && document.hasIn(parent) && (document.getIn(parent) ?? null) === null;
  if (isNothing) document.setIn(parent, document.createNode({}));
  document.setIn(path, value);
}

function comesTo(text: string, wanted: unknown): boolean {
  const document = parseDocument(text, { merge: true });
  return document.errors.length === 0 && isDeepStrictEqual(document.toJS(), wanted);
}

const lineStart = (text: string, offset: number): number => text.lastIndexOf("\n", offset - 1) + 1;

const startOf = (pair: Pair): number => (isScalar(pair.key) ? (pair.key.range?.[0] ?? -1) : -1);
const endOf = (pair: Pair): number => (pair.value as Node | null)?.range?.[1] ?? (pair.key as Node).range?.[1] ?? -1;

function blockMap(document: Document, path: KeyNames): YAMLMap<unknown, unknown> | undefined {
  const map = path.length === 0 ? document.contents : document.getIn(path, true);
  return isMap(map) && map.flow !== true && map.items.length > 0 ? map : undefined;
}

const pairOf = (map: YAMLMap<unknown, unknown>, key: string): Pair | undefined =>
  map.items.find((item) => isPair(item) && isScalar(item.key) && String(item.key.value) === key);

/** Returns the text with a line for the value: in the place of the old one, or after the last one of its map. */
function withLines(text: string, document: Document, path: KeyNames, value: unknown): string | undefined {
  const parent = path.slice(0, -1);
  const key = path.at(-1) ?? "";
  const line = `${flow(asKey(key))}: ${flow(value)}${eolOf(text)}`;
  const map = blockMap(document, parent);
  if (map === undefined) return withFirstLine(text, document, parent, line);
  if (pairOf(map, key) !== undefined) return withValue(text, document, path, value);
  const [first, last] = [map.items[0], map.items.at(-1)];
  if (first === undefined || last === undefined) return undefined;
  const indent = text.slice(lineStart(text, startOf(first)), startOf(first));
  const at = afterLine(text, endOf(last));
  return indent.trim() === "" ? at.before + indent + line + at.after : undefined;
}

/** Returns the text with the first line of a map at the top that is empty: `apps:` or `apps: {}`. */
function withFirstLine(text: string, document: Document, parent: KeyNames, line: string): string | undefined {
  const [top = "", ...deeper] = parent;
  const root = blockMap(document, []);
  const pair = root && pairOf(root, top);
  if (pair === undefined || deeper.length > 0) return undefined;
  const { value } = pair;
  const isEmpty = isMap(value) ? value.items.length === 0 : value === null || isScalar(value);
  if (!isEmpty) return undefined;
  const keyEnd = (pair.key as Node).range?.[1] ?? -1;
  const valueEnd = isMap(value) ? endOf(pair) : keyEnd + 1;
  const at = afterLine(text, Math.max(valueEnd, keyEnd + 1));
  const head = text.slice(0, keyEnd + 1) + text.slice(valueEnd, at.before.length).trimEnd();
  return `${head}${eolOf(text)}  ${line}${at.after}`;
}

const eolOf = (text: string): string => (text.includes("\r\n") ? "\r\n" : "\n");

/** Returns the text with another value in the place of one that stands on one line. */
function withValue(text: string, document: Document, path: KeyNames, value: unknown): string | undefined {
  const node = document.getIn(path, true);
  if (!isScalar(node) && !(isMap(node) && node.flow)) return undefined;
  const [start, end] = node.range ?? [];
  return start === undefined || end === undefined ? undefined : text.slice(0, start) + flow(value) + text.slice(end);
}

/** Returns the text without the lines of an entry; undefined for the last one of a map, which has to leave `{}`. */
function withoutLines(text: string, document: Document, path: KeyNames): string | undefined {
  const map = blockMap(document, path.slice(0, -1));
  const pair = map && pairOf(map, path.at(-1) ?? "");
  if (map === undefined || pair === undefined || map.items.length === 1) return undefined;
  const start = lineStart(text, startOf(pair));
  const end = afterLine(text, endOf(pair)).before.length;
  return text.slice(0, start) + text.slice(end);
}

/** Splits the text after the line that holds the offset. */
function afterLine(text: string, offset: number): { before: string; after: string } {
  if (offset > 0 && text[offset - 1] === "\n") return { before: text.slice(0, offset), after: text.slice(offset) };
  const end = text.indexOf("\n", offset);
  return end === -1
    ? { before: text + eolOf(text), after: "" }
    : { before: text.slice(0, end + 1), after: text.slice(end + 1) };
}

const flow = (value: unknown): string => new Document(value, { flow: true }).toString({ lineWidth: 0 }).trimEnd();
