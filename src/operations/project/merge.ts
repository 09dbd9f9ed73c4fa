import { diff3Merge } from "node-diff3";
import { parseAllDocuments } from "yaml";

/** A place that the user and we have changed, each in another way. Lines count from 1, in the user's file. */
export interface Conflict {
  readonly line: number;
  readonly yours: readonly string[];
  readonly ours: readonly string[];
}

export type Merged =
  | { readonly text: string }
  | {
      readonly conflicts: readonly Conflict[];
      /** The lines fit together, but the file would not be what its name says. */
      readonly broken?: string;
    };

/** What we changed since `base`, carried over into the user's text. */
export function mergeThree(path: string, base: string, yours: string, ours: string): Merged {
  const lines = (text: string) => text.split("\n");
  const regions = diff3Merge(lines(yours), lines(base), lines(ours), { excludeFalseConflicts: true });
  const conflicts = regions.flatMap(({ conflict }) =>
    conflict === undefined ? [] : [{ line: conflict.aIndex + 1, yours: conflict.a, ours: conflict.b }],
  );
  if (conflicts.length > 0) return { conflicts };
  const text = regions.flatMap(({ ok }) => ok ?? []).join("\n");
  const broken = problemIn(path, text);
  return broken === undefined ? { text } : { conflicts, broken };
}

/** A key that stands twice, an alias whose anchor is gone: lines can fit together and the file be broken. */
function problemIn(path: string, text: string): string | undefined {
  try {
    if (path.endsWith(".json")) JSON.parse(text);
    if (!/\.ya?ml$/.test(path)) return undefined;
    const documents = parseAllDocuments(text, { merge: true, prettyErrors: true, logLevel: "error" });
    if (!Array.isArray(documents)) return undefined;
    const [error] = documents.flatMap(({ errors }) => errors);
    for (const document of documents) document.toJS({ maxAliasCount: -1 });
    return error?.message.split("\n")[0];
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
