import * as z from "zod/mini";
import { hrefOf } from "../../../glitchtip/wire/url.ts";
import { parseReference, REFERENCE_FORMS } from "../../../references/reference.ts";
import { described, secretReference, strictObject, text } from "../primitives.ts";

/** The columns' own limits: a number beyond is a 500 (alerts: "quantity over the column"). */
export const ALERT_NAME_LONGEST = 255;
export const SMALL_INTEGER_MOST = 32_767;
export const URL_LONGEST = 2000;

/** Of all generations; which one knows which is in glitchtip/versions.ts. */
export const RECIPIENT_TYPES = [
  "email",
  "webhook",
  "discord",
  "googlechat",
  "teams",
  "ntfy",
  "zulip",
  "feishu",
] as const;

const isReference = (value: string): boolean => parseReference(value) !== undefined;
const normalHttpUrl = (value: string): string | undefined =>
  /^https?:\/\/[^/?#]/i.test(value) ? hrefOf(value) : undefined;

/** An address, which may hold a secret: then a reference. Empty is for the kind of recipient to judge. */
export const addressOrReference = z.string().check(
  z.check(({ value, issues }) => {
    const problem = addressProblem(value);
    if (problem !== undefined) issues.push({ code: "custom", input: value, message: problem });
  }),
);

function addressProblem(value: string): string | undefined {
  if (value === "" || isReference(value)) return undefined;
  const url = normalHttpUrl(value);
  if (url === undefined) return `must be an http:// or https:// address, or ${REFERENCE_FORMS}`;
  return url.length <= URL_LONGEST ? undefined : `must have at most ${URL_LONGEST} characters`;
}

const recipient = strictObject(() => ({
  type: described(z.enum(RECIPIENT_TYPES), "What it is; each GlitchTip knows only some."),
  url: described(
    z.optional(addressOrReference),
    "Where it is posted to, or file:PATH, env:NAME or vault:MOUNT/PATH#FIELD of that. Left out for e-mail, which goes to the project's team.",
  ),
  tagsToAdd: described(
    z.optional(z.array(text(200))),
    "Tags of the event that are put into the message. Not in GlitchTip 4.1.",
  ),
  botEmail: described(z.optional(text(254)), "Of zulip: the bot's address."),
  apiKey: described(z.optional(secretReference), "Of zulip: file:PATH, env:NAME or vault:MOUNT/PATH#FIELD of its key."),
  channel: described(z.optional(text(200)), "Of zulip."),
  topic: described(z.optional(text(200)), "Of zulip. Default: GlitchTip Alerts."),
}));

const amount = z.nullable(z.int().check(z.minimum(0), z.maximum(SMALL_INTEGER_MOST)));

export const alert = strictObject(() => ({
  name: described(text(ALERT_NAME_LONGEST), "Unique in its project."),
  description: described(z.optional(z.string()), "For readers of this file; GlitchTip has no place for it."),
  quantity: described(z.optional(amount), "Events within the time that set it off."),
  timespanMinutes: described(z.optional(amount), "The time in which they are counted."),
  uptime: described(
    z.optional(z.boolean()),
    "Also tell when a monitor of the project goes down or up. Default: false.",
  ),
  recipients: described(
    z._default(z.array(recipient), []),
    "Who is told. Without any, GlitchTip mails the whole team of the project.",
  ),
}));

const board = strictObject(() => ({
  name: described(text(255), "The board's Jira project."),
  issueType: described(z.optional(text(255)), "Default: that of `jira`."),
  disable: described(
    z.optional(strictObject(() => ({ integrations: z.optional(z.array(z.string())) }))),
    "Integrations that leave this board alone: glitchtip-project-alerts-api is this one.",
  ),
}));

const labels = z.optional(z.array(text(255)));

export const jira = strictObject(() => ({
  project: described(z.optional(text(255)), "The Jira project's key. It wins over `escalationPolicy`."),
  labels: described(labels, "Given to each ticket."),
  components: described(labels, "Given to each ticket."),
  issueType: described(z.optional(text(255)), "Default: the bridge's, Bug."),
  escalationPolicy: described(
    z.optional(
      strictObject(() => ({
        channels: strictObject(() => ({
          jiraBoard: described(z.array(board), "Each gets a ticket."),
          jiraComponents: described(labels, "Beside `components`."),
          jiraLabels: described(labels, "Beside `labels`."),
        })),
      })),
    ),
    "Several boards instead of one project.",
  ),
}));
