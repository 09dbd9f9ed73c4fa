import { CodedError } from "../../src/base/errors.ts";

/** The error with which this is refused; it has a code, as everything that is meant to be read has. */
export async function refusal(work: Promise<unknown>): Promise<CodedError> {
  return coded(
    await work.then(
      () => new Error("nothing was refused"),
      (error: unknown) => error,
    ),
  );
}

/** The same of what answers at once. */
export function refusalOf(work: () => unknown): CodedError {
  try {
    work();
  } catch (error) {
    return coded(error);
  }
  throw new Error("nothing was refused");
}

function coded(error: unknown): CodedError {
  if (error instanceof CodedError) return error;
  throw error;
}
