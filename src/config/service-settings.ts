import * as z from "zod/mini";
import { backupSchema } from "./schema/backup.ts";
import { CHANNEL_TYPES, careSchema, NOTIFY_EVENTS } from "./schema/care.ts";

/** .glitchtip/backup.json, the settings of the backup service. References to secrets are names of mounted files. */
export const backupSettings = z.object({
  version: z.literal(1),
  tool: z.string(),
  generation: z.string(),
  // The settings of each kind of target were checked with the declaration.
  backup: z.extend(backupSchema, { target: z.optional(z.record(z.string(), z.record(z.string(), z.string()))) }),
});

export type BackupSettings = z.infer<typeof backupSettings>;

/** `inside`: in the single container, which is asked by sockets in a shared folder. */
const placeSchema = z.enum(["off", "bundled", "url", "inside"]);

/** .glitchtip/care.json, the settings of the care service. References to secrets are names of mounted files. */
export const careSettings = z.object({
  version: z.literal(1),
  tool: z.string(),
  /** The declared name or the domain; the Compose project's name where neither is there. */
  instance: z.optional(z.string()),
  care: careSchema,
  /** The containers of GlitchTip, or programs of the single container, whose process may be restarted, in that order. */
  services: z.array(
    z.object({
      service: z.string(),
      role: z.enum(["web", "worker"]),
      graceSeconds: z.number(),
      aliveFile: z.boolean(),
    }),
  ),
  database: placeSchema,
  valkey: placeSchema,
  /** The place where jobs wait for the worker, and their format. */
  jobs: z.enum(["database", "valkey"]),
  jobQueue: z.enum(["celery", "vtasks"]),
  /** The container or program that the worker runs in. */
  worker: z.string(),
  certificate: z.optional(z.object({ domain: z.string(), host: z.string(), port: z.number() })),
  backups: z.boolean(),
  /** The longest of all retentions. */
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

/** What a container of the reconcile service does. */
export const SERVICE_ROLES = ["api", "worker", "watch"] as const;
export type ServiceRole = (typeof SERVICE_ROLES)[number];

/** .glitchtip/service.json, the settings of the reconcile service. */
export const serviceSettings = z.object({
  version: z.literal(1),
  tool: z.string(),
  /** Declarations and folders of them. */
  files: z.array(z.string()),
  queue: z.string(),
  port: z.int(),
  /** The address at which the containers reach the stack's own server. */
  server: z.string(),
  everySeconds: z.int(),
  apply: z.boolean(),
  /** The secret that each variable of the declarations is in. */
  variables: z.record(z.string(), z.string()),
  events: z.optional(z.string()),
});

export type ServiceSettings = z.infer<typeof serviceSettings>;

export type CareSettings = z.infer<typeof careSettings>;
