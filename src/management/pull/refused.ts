import { parse } from "yaml";
import { CodedError } from "../../base/errors.ts";
import { checkServers } from "../../config/check.ts";
import type { Path } from "../../config/inside/parts.ts";
import type { Problem } from "../../config/server.ts";
import type { Wish } from "./wishes.ts";

/** What the declaration's own rules do not take of the wishes that made this text of it, each with the rule. */
export function refused(text: string, file: string, wishes: readonly Wish[]): Wish[] {
  const problems = problemsIn(text, file);
  const found = problems.flatMap(({ path, what }) => {
    const of = (upTo?: number) =>
      wishes.find(({ edits }) => edits.some((edit) => isWithin(path, edit.path.slice(0, upTo))));
    // Else a neighbour of what was changed: one field wants another.
    const wish = of() ?? of(-1);
    return wish === undefined ? [] : [{ ...wish, edits: [], message: `${wish.message} cannot be declared: ${what}` }];
  });
  const [first] = problems;
  if (first !== undefined && found.length === 0) {
    throw new CodedError(
      "GC1901",
      `what was pulled is no declaration: ${first.path.map(String).join(".")}: ${first.what}`,
    );
  }
  return found;
}

function problemsIn(text: string, file: string): Problem[] {
  let found: Problem[] = [];
  const value: unknown = parse(text, { merge: true });
  try {
    checkServers(value, file, (problems) => {
      found = problems;
      return [];
    });
  } catch (error) {
    if (!(error instanceof CodedError)) throw error;
  }
  return found;
}

const isWithin = (path: Path, around: Path): boolean => around.every((key, at) => path[at] === key);
