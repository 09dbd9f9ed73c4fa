import * as z from "zod/mini";
import { schedule } from "./backup.ts";
import { described, strictObject } from "./primitives.ts";

export const CARE_SERVICES = ["web", "worker"] as const;

const percent = z.int().check(z.minimum(50), z.maximum(99));

const restart = strictObject(() => ({
  schedule: described(
    z.optional(schedule),
    "When, in UTC: 04:00, or five fields of cron such as 0 4 * * 0. Default: never.",
  ),
  memoryPercent: described(
    z.optional(percent),
    "From how much of its container's memory limit on a process is restarted (in a single container the larger of the two): 90. Default: never.",
  ),
  unhealthy: described(
    z._default(z.boolean(), false),
    "Also where web does not answer or the worker takes no work, while the database is well.",
  ),
  services: described(
    z._default(z.array(z.enum(CARE_SERVICES)).check(z.minLength(1)), [...CARE_SERVICES]),
    "Which ones; all in one is `web`.",
  ),
}));

export const care = strictObject(() => ({
  everySeconds: described(
    z._default(z.int().check(z.minimum(5), z.maximum(3_600)), 60),
    "How often everything is looked at.",
  ),
  diskPercent: described(z._default(percent, 90), "From how full a disk on it is told."),
  restart: described(z.optional(restart), "Restarts of GlitchTip's own processes; the database is never restarted."),
}));
