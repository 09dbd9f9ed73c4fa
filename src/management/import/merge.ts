import { isDeepStrictEqual } from "node:util";

export type MergePath = readonly (string | number)[];

export interface MergeEdit {
  readonly path: MergePath;
  readonly value: unknown;
}

/** A place where both sides have values, and different ones. */
export interface Difference extends MergeEdit {
  readonly mine: unknown;
}

export interface Merge {
  readonly additions: readonly MergeEdit[];
  readonly differences: readonly Difference[];
}

/** The fields that identify the items of a list. */
const NAMES = ["name", "label", "email"] as const;

/**
 * Returns what has to be added to `mine` so that it says what `theirs` does, and where the two differ. The function is
 * pure.
 */
export function merge(mine: unknown, theirs: unknown, path: MergePath = []): Merge {
  if (mine === undefined || mine === null) return { additions: [{ path, value: theirs }], differences: [] };
  if (isMap(mine) && isMap(theirs)) {
    return together(
      Object.entries(theirs).map(([key, value]) =>
        merge(Object.hasOwn(mine, key) ? mine[key] : undefined, value, [...path, key]),
      ),
    );
  }
  if (Array.isArray(mine) && Array.isArray(theirs)) {
    if (mine.every(isText) && theirs.every(isText)) return appended(mine, theirs, path);
    if ([...mine, ...theirs].every((item) => nameOf(item) !== undefined)) return byName(mine, theirs, path);
  }
  if (isDeepStrictEqual(mine, theirs)) return { additions: [], differences: [] };
  return { additions: [], differences: [{ path, mine, value: theirs }] };
}

function appended(mine: readonly unknown[], theirs: readonly unknown[], path: MergePath): Merge {
  const more = theirs.filter((item) => !mine.includes(item));
  return { additions: more.map((value, i) => ({ path: [...path, mine.length + i], value })), differences: [] };
}

function byName(mine: readonly unknown[], theirs: readonly unknown[], path: MergePath): Merge {
  let end = mine.length;
  return together(
    theirs.map((item) => {
      const index = mine.findIndex((one) => nameOf(one) === nameOf(item));
      return merge(mine[index], item, [...path, index === -1 ? end++ : index]);
    }),
  );
}

const together = (parts: readonly Merge[]): Merge => ({
  additions: parts.flatMap(({ additions }) => additions),
  differences: parts.flatMap(({ differences }) => differences),
});

const isText = (value: unknown): value is string => typeof value === "string";

const isMap = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

function nameOf(item: unknown): string | undefined {
  const found = isMap(item) ? NAMES.map((name) => item[name]).find((value) => typeof value === "string") : undefined;
  return typeof found === "string" ? found.toLowerCase() : undefined;
}
