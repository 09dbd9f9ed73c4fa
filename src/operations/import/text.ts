import { Document, isCollection, isMap, parseDocument } from "yaml";
import { mistakes } from "../../config/check.ts";
import type { Edit } from "./merge.ts";

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

/** The text with these values in their places; its comments and all else stay. */
export function editedText(text: string, edits: readonly Edit[]): string {
  if (edits.length === 0) return text;
  const document = parseDocument(text, { merge: true });
  for (const { path, value } of edits) {
    const parent = path.slice(0, -1);
    const around = parent.length === 0 ? document.contents : document.getIn(parent, true);
    // `projects:` with nothing after it, or a list in one line that would grow without end.
    if (!isCollection(around)) document.setIn(parent, document.createNode(typeof path.at(-1) === "number" ? [] : {}));
    else if (around.items.length === 0 || (isMap(around) && typeof value === "object")) around.flow = false;
    document.setIn(path, document.createNode(value));
  }
  return document.toString({ lineWidth: 0, flowCollectionPadding: /\{ /.test(text) || !/\{\w/.test(text) });
}
