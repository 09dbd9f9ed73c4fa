import * as z from "zod/mini";
import { RECIPIENT_TYPES } from "../../glitchtip/wire/recipient-types.ts";
import { hrefOf } from "../../glitchtip/wire/url.ts";
import { parseReference, REFERENCE, REFERENCE_FORMS } from "../../references/reference.ts";
import { described, HOST, inJsonSchema, PORT, secretReferenceSchema, text } from "./primitives.ts";

/** The limits of GlitchTip's columns: beyond them it answers 500 (recording alerts, "quantity over the column"). */
export const ALERT_NAME_LONGEST = 255;
export const SMALL_INTEGER_MOST = 32_767;
export const URL_LONGEST = 2000;

const isReference = (value: string): boolean => parseReference(value) !== undefined;
const normalHttpUrl = (value: string): string | undefined =>
  /^https?:\/\/[^/?#]/i.test(value) ? hrefOf(value) : undefined;

/** An address, or a reference to one that holds a secret. Whether it may be empty depends on the type of the recipient. */
export const addressOrReference = z.string().check(
  z.check(({ value, issues }) => {
    const problem = addressProblem(value);
    if (problem !== undefined) issues.push({ code: "custom", input: value, message: problem });
  }),
  inJsonSchema({
    pattern: `^$|${REFERENCE.source}|^[hH][tT][tT][pP][sS]?://(?:[^/?#]*@)?(?:${HOST})(?::${PORT})?(?:[/?#][^]*)?$`,
  }),
);

function addressProblem(value: string): string | undefined {
  if (value === "" || isReference(value)) return undefined;
  const url = normalHttpUrl(value);
  if (url === undefined) return `must be an http:// or https:// address, or ${REFERENCE_FORMS}`;
  return url.length <= URL_LONGEST ? undefined : `must have at most ${URL_LONGEST} characters`;
}

const recipientSchema = z.strictObject({
  type: described(
    z.enum(RECIPIENT_TYPES),
    "The type of recipient. Each generation of GlitchTip supports some of them.",
  ),
  url: described(
    z.optional(addressOrReference),
    "The address it is posted to, or file:PATH, env:NAME or vault:MOUNT/PATH#FIELD of that address. Left out for e-mail, which goes to the project's team.",
  ),
  tagsToAdd: described(
    z.optional(z.array(text(200))),
    "Tags of the event that are put into the message. Not in GlitchTip 4.1.",
  ),
  botEmail: described(z.optional(text(254)), "zulip: the bot's e-mail address."),
  apiKey: described(
    z.optional(secretReferenceSchema),
    "zulip: file:PATH, env:NAME or vault:MOUNT/PATH#FIELD of the bot's key.",
  ),
  channel: described(z.optional(text(200)), "Of zulip."),
  topic: described(z.optional(text(200)), "Of zulip. Default: GlitchTip Alerts."),
});

const amountSchema = z.nullable(z.int().check(z.minimum(0), z.maximum(SMALL_INTEGER_MOST)));

export const alertSchema = z.strictObject({
  name: described(text(ALERT_NAME_LONGEST), "Unique in its project."),
  description: described(z.optional(z.string()), "For readers of this file; GlitchTip has no place for it."),
  quantity: described(z.optional(amountSchema), "How many events within the time trigger the alert."),
  timespanMinutes: described(z.optional(amountSchema), "The time window in which events are counted, in minutes."),
  uptime: described(
    z.optional(z.boolean()),
    "Also tell when a monitor of the project goes down or up. Default: false.",
  ),
  recipients: described(
    z._default(z.array(recipientSchema), []),
    "Who receives the alert. Without a recipient, GlitchTip mails the project's whole team.",
  ),
});

const jiraBoardSchema = z.strictObject({
  name: described(text(255), "The board's Jira project."),
  issueType: described(z.optional(text(255)), "The type of the ticket. Default: that of `jira`."),
  disable: described(
    z.optional(z.strictObject({ integrations: described(z.optional(z.array(z.string())), "Their names.") })),
    "Integrations that file no tickets on this board; that of GlitchTip is glitchtip-project-alerts-api.",
  ),
});

const labelsSchema = z.optional(z.array(text(255)));

export const jiraSchema = z.strictObject({
  project: described(z.optional(text(255)), "The Jira project's key. It wins over `escalationPolicy`."),
  labels: described(labelsSchema, "Labels of each ticket."),
  components: described(labelsSchema, "Components of each ticket."),
  issueType: described(z.optional(text(255)), "The type of each ticket. Default: that of the bridge, Bug."),
  escalationPolicy: described(
    z.optional(
      z.strictObject({
        channels: described(
          z.strictObject({
            jiraBoard: described(z.array(jiraBoardSchema), "Each gets a ticket."),
            jiraComponents: described(labelsSchema, "Further components, besides `components` above."),
            jiraLabels: described(labelsSchema, "Further labels, besides `labels` above."),
          }),
          "Where tickets are filed.",
        ),
      }),
    ),
    "Several boards instead of one project.",
  ),
});
