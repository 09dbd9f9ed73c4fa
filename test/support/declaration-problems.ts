import { CodedError } from "../../src/base/errors.ts";

/** Returns the problems of a declaration as they are reported; none where it is valid. */
export function problemsIn(load: () => unknown): readonly string[] {
  try {
    load();
  } catch (error) {
    if (error instanceof CodedError && error.code === "GC1101") return error.problems;
    throw error;
  }
  return [];
}
