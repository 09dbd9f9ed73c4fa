import { CodedError } from "../../base/errors.ts";
import type { Difference, Path } from "./merge.ts";

/** By paths alone: the values may hold secrets. */
export function contradiction(file: string, differences: readonly Difference[]): CodedError {
  const count = differences.length === 1 ? "one place" : `${differences.length} places`;
  return new CodedError(
    "GC1105",
    `${file} says something else than what is imported, in ${count}; nothing was written`,
    {
      problems: differences.map(({ path }) => shown(path)),
      remedy: "Decide whose word counts, --prefer mine or --prefer imported; --dry-run shows what comes of it.",
    },
  );
}

export const shown = (path: Path): string =>
  path.map((part, i) => (typeof part === "number" ? `[${part}]` : i === 0 ? part : `.${part}`)).join("");

export const belowAlias = (file: string, paths: readonly string[]): CodedError =>
  new CodedError("GC1105", `${file} cannot be added to: an alias or a merge key stands where something is to go`, {
    problems: paths,
    remedy: "Write out what the alias stands for, or import into another file: --file",
  });
