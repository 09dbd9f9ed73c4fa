import { isDeepStrictEqual } from "node:util";
import { Document, isCollection, isMap, parseDocument } from "yaml";
import { mistakes } from "../../config/check.ts";
import { padsBraces } from "../../config/edit.ts";
import type { Edit, Path } from "./merge.ts";

/** A new declaration, with a line that says where it comes from. */
export function newText(declaration: object, from: string): string {
  const document = new Document(declaration);
  document.commentBefore = ` Imported from ${from}. Every key: docs/declaration.md`;
  return document.toString({ lineWidth: 0 });
}

/** What the file says now. */
export function declaredIn(text: string, file: string): Record<string, unknown> {
  const document = parseDocument(text, { merge: true });
  const [error] = document.errors;
  if (error !== undefined) throw mistakes(file, [error.message.split("\n")[0] ?? ""]);
  const value: unknown = document.toJS();
  return typeof value === "object" && value !== null && !Array.isArray(value) ? { ...value } : {};
}

/**
 * The text with these values in their places; its comments and all else stay. Undefined where it does not come out right,
 * as below an alias: what stands there stands elsewhere, too.
 */
export function editedText(text: string, edits: readonly Edit[]): string | undefined {
  if (edits.length === 0) return text;
  const document = parseDocument(text, { merge: true });
  const wanted = structuredClone(document.toJS() ?? {}) as unknown;
  try {
    for (const { path, value } of edits) {
      setAt(wanted, path, value);
      const parent = path.slice(0, -1);
      const around = parent.length === 0 ? document.contents : document.getIn(parent, true);
      // `projects:` with nothing after it, or a list in one line that would grow without end.
      if (!isCollection(around)) document.setIn(parent, document.createNode(typeof path.at(-1) === "number" ? [] : {}));
      else if (around.items.length === 0 || (isMap(around) && typeof value === "object")) around.flow = false;
      document.setIn(path, document.createNode(value));
    }
  } catch {
    return undefined;
  }
  const edited = document.toString({ lineWidth: 0, flowCollectionPadding: padsBraces(text) });
  return isDeepStrictEqual(parseDocument(edited, { merge: true }).toJS(), wanted) ? edited : undefined;
}

function setAt(value: unknown, path: Path, wanted: unknown): void {
  let map = value as Record<string | number, unknown>;
  for (const [i, key] of path.slice(0, -1).entries()) {
    map[key] ??= typeof path[i + 1] === "number" ? [] : {};
    map = map[key] as Record<string | number, unknown>;
  }
  map[path.at(-1) ?? ""] = wanted;
}
