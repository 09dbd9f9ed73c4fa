import { isDeepStrictEqual } from "node:util";
import { Document, isCollection, isMap, parseDocument } from "yaml";
import { CodedError } from "../../base/errors.ts";
import { mistakes } from "../../config/check.ts";
import { padsBraces } from "../../config/edit.ts";
import type { Difference, MergeEdit, MergePath } from "./merge.ts";

/** Returns the text of a new declaration, with a comment on its origin. */
export function newText(declaration: object, from: string): string {
  const document = new Document(declaration);
  document.commentBefore = ` Imported from ${from}. Every key: docs/declaration.md`;
  return document.toString({ lineWidth: 0 });
}

/** Returns the current values of the file. */
export function declaredIn(text: string, file: string): Record<string, unknown> {
  const document = parseDocument(text, { merge: true });
  const [error] = document.errors;
  if (error !== undefined) throw mistakes(file, [error.message.split("\n")[0] ?? ""]);
  const value: unknown = document.toJS();
  return typeof value === "object" && value !== null && !Array.isArray(value) ? { ...value } : {};
}

/**
 * Returns the text with these values set; comments and everything else stay. Returns undefined where that fails, as
 * below an alias, whose value is used elsewhere, too.
 */
export function editedText(text: string, edits: readonly MergeEdit[]): string | undefined {
  if (edits.length === 0) return text;
  const document = parseDocument(text, { merge: true });
  const wanted = structuredClone(document.toJS() ?? {}) as unknown;
  try {
    for (const { path, value } of edits) {
      setAt(wanted, path, value);
      const parent = path.slice(0, -1);
      const around = parent.length === 0 ? document.contents : document.getIn(parent, true);
      // The parent may be an empty `projects:`, or in flow style, where the line would grow.
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

function setAt(value: unknown, path: MergePath, wanted: unknown): void {
  let map = value as Record<string | number, unknown>;
  for (const [i, key] of path.slice(0, -1).entries()) {
    map[key] ??= typeof path[i + 1] === "number" ? [] : {};
    map = map[key] as Record<string | number, unknown>;
  }
  map[path.at(-1) ?? ""] = wanted;
}

/** The error for contradictions. It names paths only, because the values may hold secrets. */
export function contradiction(file: string, differences: readonly Difference[]): CodedError {
  const count = differences.length === 1 ? "one place" : `${differences.length} places`;
  return new CodedError("GC1105", `${file} contradicts what is imported, in ${count}; nothing was written`, {
    problems: differences.map(({ path }) => shown(path)),
    remedy: "Decide which side wins: --prefer mine or --prefer imported; --dry-run shows the result.",
  });
}

export const shown = (path: MergePath): string =>
  path.map((part, i) => (typeof part === "number" ? `[${part}]` : i === 0 ? part : `.${part}`)).join("");

export const belowAlias = (file: string, paths: readonly string[]): CodedError =>
  new CodedError(
    "GC1105",
    `${file} cannot be extended: an alias or a merge key stands where something has to be added`,
    {
      problems: paths,
      remedy: "Write out what the alias stands for, or import into another file: --file",
    },
  );
