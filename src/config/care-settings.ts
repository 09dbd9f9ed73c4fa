import * as z from "zod/mini";
import { care } from "./schema/care.ts";
import { CHANNEL_TYPES, NOTIFY_EVENTS } from "./schema/notify.ts";

/** `inside`: in the single container, which is asked by sockets in the common folder. */
const place = z.enum(["off", "bundled", "url", "inside"]);

/** .glitchtip/care.json, which the care service reads; its references to secrets are names of mounted files. */
export const careSettings = z.object({
  version: z.literal(1),
  tool: z.string(),
  /** The domain, or what else the operator calls it; else the project's name. */
  instance: z.optional(z.string()),
  care,
  /** GlitchTip's containers, or programs of its only one, whose process may be restarted, in that order. */
  services: z.array(
    z.object({
      service: z.string(),
      role: z.enum(["web", "worker"]),
      graceSeconds: z.number(),
      aliveFile: z.boolean(),
    }),
  ),
  database: place,
  valkey: place,
  /** Where jobs wait for the worker, and how. */
  jobs: z.enum(["database", "valkey"]),
  jobQueue: z.enum(["celery", "vtasks"]),
  /** The container or program that the worker is in. */
  worker: z.string(),
  certificate: z.optional(z.object({ domain: z.string(), host: z.string(), port: z.number() })),
  backups: z.boolean(),
  /** The longest that anything is kept. */
  retentionDays: z.number(),
  notify: z.array(
    z.object({
      name: z.string(),
      type: z.enum(CHANNEL_TYPES),
      url: z.string(),
      secret: z.optional(z.string()),
      events: z.array(z.enum(NOTIFY_EVENTS)),
      repeatHours: z.number(),
    }),
  ),
});

export type CareSettings = z.infer<typeof careSettings>;
