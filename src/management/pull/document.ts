import { type Document, isAlias, isCollection, isMap, isScalar, type Node, parseDocument } from "yaml";
import type { KeyPath } from "../../config/contents.ts";
import { padsBraces } from "../../config/edit.ts";

/** A value to set in the declaration; undefined removes it. */
export interface DeclarationEdit {
  readonly path: KeyPath;
  readonly value: unknown;
  /** The new name of a key whose value stays. */
  readonly rename?: string;
}

/** Returns the text with these edits. Comments and order stay. List indexes refer to the text before the edits. */
export function edited(text: string, edits: readonly DeclarationEdit[]): string {
  if (edits.length === 0) return text;
  const document = parseDocument(text, { merge: true, uniqueKeys: false });
  const before: unknown = document.toJS();
  const values = edits.filter(({ rename }) => rename === undefined);
  const removals = values.filter(({ value }) => value === undefined).toReversed();
  for (const edit of [...values.filter(({ value }) => value !== undefined), ...removals]) apply(document, before, edit);
  for (const { path, rename } of edits) if (rename !== undefined) renameKey(document, path, rename);
  return document.toString(formOf(text));
}

function apply(document: Document, before: unknown, { path, value }: DeclarationEdit): void {
  for (let depth = 1; depth < path.length; depth++) ownCollection(document, before, path, depth);
  if (value === undefined) {
    document.deleteIn(path);
    return;
  }
  const there = document.getIn(path, true);
  if (isScalar(there) && (typeof value !== "object" || value === null)) {
    there.value = value;
    return;
  }
  const parent = path.slice(0, -1);
  const around = parent.length === 0 ? document.contents : document.getIn(parent, true);
  const isShort = isCollection(around) && (around.items.length === 0 || isMap(around));
  if (isShort && typeof value === "object") around.flow = false;
  document.setIn(path, document.createNode(value));
}

function renameKey(document: Document, path: KeyPath, name: string): void {
  const around = document.getIn(path.slice(0, -1), true);
  if (!isMap(around)) return;
  const pair = around.items.find(({ key }) => isScalar(key) && key.value === path.at(-1));
  if (isScalar(pair?.key)) pair.key.value = name;
}

/** Makes the collection at this path the document's own: an alias or a merge key is written out. */
function ownCollection(document: Document, before: unknown, path: KeyPath, depth: number): void {
  const at = path.slice(0, depth);
  const node = document.getIn(at, true) as Node | undefined;
  if (isCollection(node)) return;
  const value: unknown = isAlias(node) ? node.toJS(document) : valueAt(before, at);
  const isThere = typeof value === "object" && value !== null;
  document.setIn(at, document.createNode(isThere ? value : typeof path[depth] === "number" ? [] : {}));
}

function valueAt(value: unknown, path: KeyPath): unknown {
  let found = value;
  for (const key of path) {
    if (typeof found !== "object" || found === null) return undefined;
    found = (found as Readonly<Record<PropertyKey, unknown>>)[key];
  }
  return found;
}

/** Returns the formatting options that match the user's text. */
function formOf(text: string) {
  const indent = /^( +)[^\s#-]/m.exec(text)?.[1]?.length ?? 2;
  return {
    lineWidth: 0,
    indent: Math.min(Math.max(indent, 2), 8),
    indentSeq: !/^( *)[^\s#-][^\n]*:[ \t]*\n\1- /m.test(text),
    flowCollectionPadding: padsBraces(text),
  };
}
