import { CodedError } from "../../base/errors.ts";

/** Before anything was touched. */
export const refused = (what: string, detail: { problems?: string[]; remedy: string }): CodedError =>
  new CodedError("GC1808", what, { ...detail, remedy: `${detail.remedy} Nothing was changed.` });
