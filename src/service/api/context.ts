import type { Auth } from "../auth.ts";
import type { AllowedTargets } from "../compat.ts";
import type { Metrics } from "../metrics.ts";
import type { Registry } from "../registry.ts";
import type { SubmitContext } from "../runs.ts";
import type { Seal } from "../seal.ts";
import type { Waiters } from "../waiters.ts";

/** What the routes use. */
export interface ApiContext extends SubmitContext {
  readonly auth: Auth;
  readonly registry: Registry;
  readonly waiters: Waiters;
  readonly metrics: Metrics;
  /** Seals what a request brings; undefined without a secret. */
  readonly seal: Seal | undefined;
  /** What requests may bring along; undefined where they may bring nothing. */
  readonly targets: AllowedTargets | undefined;
}
