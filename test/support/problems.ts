import { CodedError } from "../../src/base/errors.ts";

/** The mistakes of a declaration, as they are told; none where it is taken. */
export function problemsIn(load: () => unknown): readonly string[] {
  try {
    load();
  } catch (error) {
    if (error instanceof CodedError && error.code === "GC1101") return error.problems;
    throw error;
  }
  return [];
}
