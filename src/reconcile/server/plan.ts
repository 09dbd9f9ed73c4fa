import type { Generation } from "../../glitchtip/versions.ts";
import type { Plan } from "./action.ts";
import type { KnownServer } from "./known.ts";
import type { DesiredServer, ObservedServer } from "./model.ts";

export interface PlanOptions {
  readonly generation: Generation;
  /** What is declared and missing, and may not be made, is an error instead of a warning. */
  readonly strict: boolean;
  readonly known: KnownServer;
}

/** The difference between what is wanted and what is there. */
export function planServer(_desired: DesiredServer, _observed: ObservedServer, _options: PlanOptions): Plan {
  throw new Error("not built yet");
}
