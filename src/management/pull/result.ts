import type { Remark } from "../../reconcile/index.ts";
import type { ReportedProblem } from "../report.ts";
import type { PulledSecret } from "./keep-secrets.ts";
import type { How } from "./wishes.ts";

export interface PulledThing extends Remark {
  readonly how: How;
}

export interface PulledFile {
  readonly file: string;
  readonly changed: boolean;
  /** The declaration as it is now, or would be. */
  readonly text: string;
}

export interface PullResult {
  readonly dryRun: boolean;
  readonly files: readonly PulledFile[];
  readonly changes: readonly PulledThing[];
  readonly secrets: readonly PulledSecret[];
  /** What has no place in a declaration. */
  readonly left: readonly Remark[];
  readonly problems: readonly ReportedProblem[];
}
