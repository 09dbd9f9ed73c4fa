import { diffArrays } from "diff";
import { parseAllDocuments } from "yaml";
import { MAX_ALIASES } from "../compose/yaml-limits.ts";
import { MOST_EDITS } from "./decisions.ts";

/** A place that the user and we have changed in different ways. Lines count from 1, in the user's file. */
export interface Conflict {
  readonly line: number;
  readonly yours: readonly string[];
  readonly ours: readonly string[];
}

export type Merged =
  | { readonly text: string }
  | {
      readonly conflicts: readonly Conflict[];
      /** Why there is no text although there is no conflict. */
      readonly broken?: string;
    };

/** Lines `from` to `to` of the base became lines `start` to `end`. */
interface Hunk {
  readonly from: number;
  readonly to: number;
  readonly start: number;
  readonly end: number;
}

/**
 * Applies what we changed since `base` to the user's text. jsdiff compares the lines; the merge itself is our own code,
 * because node-diff3 takes 19 s for 6,000 lines that resemble each other, as those of 300 apps do.
 */
export function mergeThree(path: string, base: string, yours: string, ours: string): Merged {
  const [baseLines = [], yourLines = [], ourLines = []] = [base, yours, ours].map((text) => text.split("\n"));
  const [yourHunks, ourHunks] = [hunksOf(baseLines, yourLines), hunksOf(baseLines, ourLines)];
  if (yourHunks === undefined || ourHunks === undefined) return { conflicts: [], broken: "too much is different" };

  const merged: string[] = [];
  const conflicts: Conflict[] = [];
  let done = 0;
  for (const region of regionsOf(yourHunks, ourHunks)) {
    const { from, to, edits, changes } = region;
    const [your, our] = [within(region, edits), within(region, changes)];
    const [yourPart, ourPart] = [yourLines.slice(your.start, your.end), ourLines.slice(our.start, our.end)];
    merged.push(...baseLines.slice(done, from));
    done = to;
    const isConflict = edits.length > 0 && changes.length > 0 && yourPart.join("\n") !== ourPart.join("\n");
    if (isConflict) conflicts.push({ line: your.start + 1, yours: yourPart, ours: ourPart });
    merged.push(...(edits.length > 0 ? yourPart : ourPart));
  }
  merged.push(...baseLines.slice(done));
  if (conflicts.length > 0) return { conflicts };
  const text = merged.join("\n");
  const broken = problemIn(path, text);
  return broken === undefined ? { text } : { conflicts, broken };
}

/** Returns where the text differs from the base, or undefined where hardly a line is the same. */
function hunksOf(base: readonly string[], lines: readonly string[]): Hunk[] | undefined {
  const parts = diffArrays([...base], [...lines], { maxEditLength: MOST_EDITS });
  if (parts === undefined) return undefined;
  const hunks: Hunk[] = [];
  let [at, line] = [0, 0];
  let open: Hunk | undefined;
  for (const { added, removed, count } of parts) {
    if (added || removed) {
      open ??= { from: at, to: at, start: line, end: line };
      if (added) line += count;
      else at += count;
      open = { ...open, to: at, end: line };
      continue;
    }
    if (open !== undefined) hunks.push(open);
    open = undefined;
    at += count;
    line += count;
  }
  return open === undefined ? hunks : [...hunks, open];
}

interface Region {
  readonly from: number;
  to: number;
  readonly edits: Hunk[];
  readonly changes: Hunk[];
}

/** Groups hunks that touch each other into one region. */
function regionsOf(edits: readonly Hunk[], changes: readonly Hunk[]): Region[] {
  const all = [
    ...edits.map((hunk) => ({ hunk, side: "edits" as const })),
    ...changes.map((hunk) => ({ hunk, side: "changes" as const })),
  ].sort((a, b) => a.hunk.from - b.hunk.from || a.hunk.to - b.hunk.to);
  const regions: Region[] = [];
  for (const { hunk, side } of all) {
    let region = regions.at(-1);
    if (region === undefined || hunk.from > region.to) {
      region = { from: hunk.from, to: hunk.to, edits: [], changes: [] };
      regions.push(region);
    }
    region.to = Math.max(region.to, hunk.to);
    region[side].push(hunk);
  }
  return regions;
}

/** Returns the lines of one side that correspond to `from` to `to` of the base. */
function within({ from, to }: Region, hunks: readonly Hunk[]): { readonly start: number; readonly end: number } {
  const [first, last] = [hunks[0], hunks.at(-1)];
  if (first === undefined || last === undefined) return { start: 0, end: 0 };
  return { start: first.start - (first.from - from), end: last.end + (to - last.to) };
}

/** Returns why the merged text is no valid file, such as a duplicate key or an alias without its anchor, or undefined. */
function problemIn(path: string, text: string): string | undefined {
  try {
    if (path.endsWith(".json")) JSON.parse(text);
    if (!/\.ya?ml$/.test(path)) return undefined;
    const documents = parseAllDocuments(text, { merge: true, prettyErrors: true, logLevel: "error" });
    if (!Array.isArray(documents)) return undefined;
    const [error] = documents.flatMap(({ errors }) => errors);
    for (const document of documents) document.toJS({ maxAliasCount: MAX_ALIASES });
    return error?.message.split("\n")[0];
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
