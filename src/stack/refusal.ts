import { CodedError, type ErrorCode } from "../base/errors.ts";

/** Why one service cannot be given a DSN; all of them are told at once. */
export class Refusal extends Error {
  readonly code: ErrorCode;
  constructor(code: ErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

export function throwAll(refusals: readonly Refusal[], declared = true): void {
  const [first] = refusals;
  if (first === undefined) return;
  const remedy = `Change ${declared ? "glitchtip.yaml" : "what you typed"} or your Compose file, then run it again.`;
  if (refusals.length === 1) throw new CodedError(first.code, first.message, { remedy });
  const problems = refusals.map(({ message }) => message);
  throw new CodedError(first.code, `${refusals.length} services cannot be given a DSN`, { problems, remedy });
}
