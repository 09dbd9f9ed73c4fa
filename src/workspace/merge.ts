import { diffArrays } from "diff";
import { parseAllDocuments } from "yaml";
import { MOST_EDITS } from "./decisions.ts";

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
      /** Why there is no text although no place is named. */
      readonly broken?: string;
    };

/** Lines `from` to `to` of the base have become lines `start` to `end`. */
interface Hunk {
  readonly from: number;
  readonly to: number;
  readonly start: number;
  readonly end: number;
}

/**
 * What we changed since `base`, carried over into the user's text. The lines are compared by jsdiff; the merging is ours,
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

/** Where the lines of a text differ from the base's; undefined where hardly one is the same. */
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

/** Hunks that touch each other belong together. */
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

/** The lines of one side that stand for `from` to `to` of the base. */
function within({ from, to }: Region, hunks: readonly Hunk[]): { readonly start: number; readonly end: number } {
  const [first, last] = [hunks[0], hunks.at(-1)];
  if (first === undefined || last === undefined) return { start: 0, end: 0 };
  return { start: first.start - (first.from - from), end: last.end + (to - last.to) };
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
