import { defined } from "../../base/defined.ts";
import { CodedError } from "../../base/errors.ts";

/** The result of one check. */
export interface Finding {
  /** Short name of the check. */
  readonly check: string;
  readonly level: "ok" | "warn" | "fail";
  readonly what: string;
  /** Single problems, one a line. */
  readonly details?: readonly string[];
  /** What to type or change; missing where the level is `ok`. */
  readonly fix?: string;
}

export const ok = (check: string, what: string): Finding => ({ check, level: "ok", what });
export const warn = (check: string, what: string, fix: string): Finding => ({ check, level: "warn", what, fix });
export const fail = (check: string, what: string, fix?: string): Finding =>
  defined({ check, level: "fail" as const, what, fix });

/** Returns an expected error as a finding, and throws any other. */
export function errorFindings(check: string, error: unknown): Finding[] {
  if (!(error instanceof CodedError)) throw error;
  const { message, problems } = error;
  // Doctor itself never sends anybody to doctor.
  const remedy = error.remedy?.replace(/(?:^|\s*)npx glitchtip-compose doctor [^.]*\.$/, "") || undefined;
  return [{ ...fail(check, message, remedy), ...(problems.length > 0 && { details: problems }) }];
}
