import { isDeepStrictEqual } from "node:util";
import type { ChangeValue, FieldChange } from "./action.ts";

export type Fields = Readonly<Record<string, ChangeValue | undefined>>;

/** What differs, field by field; all of it where one side is not there. */
export function changesOf(from: Fields | undefined, to: Fields | undefined): FieldChange[] {
  return Object.keys(to ?? from ?? {}).flatMap((field): FieldChange[] => {
    const [before, after] = [from?.[field], to?.[field]];
    if (before === after || isDeepStrictEqual(before, after)) return [];
    return [
      { field, ...(before === undefined ? {} : { from: before }), ...(after === undefined ? {} : { to: after }) },
    ];
  });
}
