import * as z from "zod/mini";
import { scheduleSchema } from "./backup.ts";
import { described, secretReferenceSchema } from "./primitives.ts";

export const CARE_SERVICES = ["web", "worker"] as const;

const percentSchema = z.int().check(z.minimum(50), z.maximum(99));

const restartSchema = z.strictObject({
  schedule: described(
    z.optional(scheduleSchema),
    "When, in UTC: 04:00, or five fields of cron such as 0 4 * * 0. Default: never.",
  ),
  memoryPercent: described(
    z.optional(percentSchema),
    "A process is restarted when it uses this percentage of its container's memory limit, such as 90 (in a single container: the larger of web and worker). Default: never.",
  ),
  unhealthy: described(
    z._default(z.boolean(), false),
    "Restart also when web does not answer or the worker takes no jobs while the database works.",
  ),
  services: described(
    z._default(z.array(z.enum(CARE_SERVICES)).check(z.minLength(1)), [...CARE_SERVICES]),
    "Which processes are restarted; an all-in-one process is `web`.",
  ),
});

export const careSchema = z.strictObject({
  everySeconds: described(
    z._default(z.int().check(z.minimum(5), z.maximum(3_600)), 60),
    "The interval between checks.",
  ),
  diskPercent: described(
    z._default(percentSchema, 90),
    "How full a disk may be, in percent, before a message is sent.",
  ),
  restart: described(
    z.optional(restartSchema),
    "Restarts of GlitchTip's own processes; the database is never restarted.",
  ),
});

export const CHANNEL_TYPES = ["feishu", "json", "slack", "ntfy"] as const;

export const NOTIFY_EVENTS = [
  "backup-failed",
  "restart-done",
  "restart-failed",
  "certificate-near-end",
  "disk-low",
  "provisioner-degraded",
  "queue-stuck",
  "partitions-failed",
  "service-unhealthy",
  "drift",
] as const;

const channelSchema = z.strictObject({
  type: described(
    z.enum(CHANNEL_TYPES),
    "The format of the message: a Feishu or Lark card, plain JSON, Slack's (Mattermost, Rocket.Chat and others take it too), ntfy.",
  ),
  url: described(
    secretReferenceSchema,
    "file:PATH, env:NAME or vault:MOUNT/PATH#FIELD of the address: whoever knows it may post there.",
  ),
  secret: described(
    z.optional(secretReferenceSchema),
    "file:PATH, env:NAME or vault:MOUNT/PATH#FIELD. feishu: what messages are signed with; json, ntfy: sent as a bearer token.",
  ),
  name: described(
    z.optional(z.string().check(z.regex(/^[\w.-]{1,60}$/))),
    "For `notify test --name`. Default: its type.",
  ),
  events: described(
    z.optional(z.array(z.enum(NOTIFY_EVENTS)).check(z.minLength(1))),
    "Which events the channel gets. Default: all.",
  ),
  repeatHours: described(
    z._default(z.int().check(z.minimum(1), z.maximum(720)), 12),
    "How long the same message is not repeated.",
  ),
});

export const notifySchema = z.array(channelSchema);
