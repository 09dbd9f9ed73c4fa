import { isCollection, isMap, isScalar, LineCounter, type Node, parseDocument } from "yaml";

/** Returns the line, counted from 1, on which `text` states the value at `path`; undefined where it does not state it. */
export function lineStating(text: string, path: readonly string[]): number | undefined {
  const lines = new LineCounter();
  const document = parseDocument(text, { merge: true, lineCounter: lines });
  let node: unknown = document.contents;
  let offset: number | undefined;
  for (const key of path) {
    if (!isMap(node)) return undefined;
    const pair = node.items.find((item) => isScalar(item.key) && String(item.key.value) === key);
    if (pair === undefined) return undefined;
    const value = pair.value as Node | null;
    offset = (pair.key as Node).range?.[0];
    node = isCollection(value) ? value : undefined;
  }
  return offset === undefined ? undefined : lines.linePos(offset).line;
}
