import { CodedError } from "../../base/errors.ts";

/** One thing that was looked at. */
export interface Finding {
  /** A short name of what was looked at. */
  readonly check: string;
  readonly level: "ok" | "warn" | "fail";
  readonly what: string;
  /** Single problems, places, reasons. */
  readonly details?: readonly string[];
  /** What to type or change; for anything that is not ok. */
  readonly fix?: string;
}

export const ok = (check: string, what: string): Finding => ({ check, level: "ok", what });
export const warn = (check: string, what: string, fix: string): Finding => ({ check, level: "warn", what, fix });
export const fail = (check: string, what: string, fix?: string): Finding => ({
  check,
  level: "fail",
  what,
  ...(fix === undefined ? {} : { fix }),
});

/** An expected error as a finding; any other is thrown. */
export function failure(check: string, error: unknown): Finding[] {
  if (!(error instanceof CodedError)) throw error;
  const { message, problems, remedy } = error;
  return [{ ...fail(check, message, remedy), ...(problems.length === 0 ? {} : { details: problems }) }];
}
