import type { Auth } from "../auth.ts";
import type { Metrics } from "../metrics.ts";
import type { Registry } from "../registry.ts";
import type { SubmitContext } from "../runs.ts";
import type { Waiters } from "../waiters.ts";

/** What the routes use. */
export interface ApiContext extends SubmitContext {
  readonly auth: Auth;
  readonly registry: Registry;
  readonly waiters: Waiters;
  readonly metrics: Metrics;
}
