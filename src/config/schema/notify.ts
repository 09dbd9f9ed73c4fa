import * as z from "zod/mini";
import { described, secretReference, strictObject } from "./primitives.ts";

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
] as const;

const channel = strictObject(() => ({
  type: described(
    z.enum(CHANNEL_TYPES),
    "Whose form the message has: a Feishu or Lark card, plain JSON, Slack's (Mattermost, Rocket.Chat and others take it too), ntfy.",
  ),
  url: described(
    secretReference,
    "file:PATH, env:NAME or vault:MOUNT/PATH#FIELD of the address: whoever knows it may post there.",
  ),
  secret: described(
    z.optional(secretReference),
    "file:PATH, env:NAME or vault:MOUNT/PATH#FIELD. feishu: what messages are signed with; json, ntfy: sent as a bearer token.",
  ),
  name: described(
    z.optional(z.string().check(z.regex(/^[\w.-]{1,60}$/))),
    "For `notify test --name`. Default: its type.",
  ),
  events: described(
    z.optional(z.array(z.enum(NOTIFY_EVENTS)).check(z.minLength(1))),
    "Which ones it gets. Default: all.",
  ),
  repeatHours: described(
    z._default(z.int().check(z.minimum(1), z.maximum(720)), 12),
    "The same thing is told again only after so long.",
  ),
}));

export const notify = z.array(channel);
