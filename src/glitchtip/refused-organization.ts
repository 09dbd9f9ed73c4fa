import { CodedError } from "../base/errors.ts";
import { AnswerError } from "./answers.ts";

/** Why an organization was not made: the server lets nobody, or this token lacks the scope (scopes scenario). */
export function explainRefusedOrganization(error: unknown): never {
  if (!(error instanceof AnswerError) || error.code !== "GC1305" || /permission denied/i.test(error.said)) throw error;
  throw new CodedError("GC1402", `the organization cannot be made: ${error.said}`, {
    remedy:
      "Sign in as a superuser, or set ENABLE_ORGANIZATION_CREATION=true on the server, or declare the name of an existing organization.",
    cause: error,
  });
}
