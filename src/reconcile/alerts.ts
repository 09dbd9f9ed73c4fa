import { isDeepStrictEqual } from "node:util";
import { defined } from "../base/defined.ts";
import type { FieldChange } from "./action.ts";
import { changesOf } from "./action.ts";
import type { DesiredAlert } from "./desired.ts";
import type { Draft, PlanPlace } from "./draft.ts";
import { NAMED, pairByName } from "./matching.ts";
import type { ObservedAlert } from "./observed.ts";
import {
  clearText,
  isPrivateUrl,
  maskedUrl,
  matchRecipients,
  type RecipientsMatch,
  shownDesired,
  shownObserved,
} from "./recipients.ts";

const MAILS_THE_TEAM = "without recipients GlitchTip mails the whole team of the project";

/**
 * Plans the alerts of one project. A PUT carries the whole alert: the server clears what it leaves out (alerts
 * scenario).
 */
export function planAlerts(
  draft: Draft,
  place: PlanPlace,
  desired: readonly DesiredAlert[],
  observed: readonly ObservedAlert[],
): void {
  const { pairs, others } = pairByName(desired, observed, {
    ...NAMED,
    rank: (wanted, found) => (isSame(wanted, found) ? 0 : found.recipients.length > 0 ? 1 : 2),
  });
  for (const { desired: wanted, observed: found, doubles } of pairs) {
    planAlert(draft, place, wanted, found);
    for (const double of doubles) {
      const note = `has the name of another alert; number ${found?.id} is kept`;
      const leftover = double.recipients.length === 0 && wanted.recipients.length > 0;
      if (leftover) {
        const left = `number ${double.id} ${note}. A failed create left it behind, and ${MAILS_THE_TEAM}`;
        draft.surplus("alert", place, double, { note: left, always: true });
      } else draft.surplus("alert", place, double, { note: `number ${double.id} ${note}` });
    }
  }
  for (const other of others) draft.surplus("alert", place, other);
}

function isSame(wanted: DesiredAlert, found: ObservedAlert): boolean {
  const { same, tagsChange } = matchRecipients(wanted.recipients, found.recipients);
  return same && !tagsChange && changesOf(numbers(found), numbers(wanted)).length === 0;
}

const numbers = ({ timespanMinutes, quantity, uptime }: DesiredAlert | ObservedAlert) => ({
  timespanMinutes,
  quantity,
  uptime,
});

function planAlert(draft: Draft, place: PlanPlace, wanted: DesiredAlert, found: ObservedAlert | undefined): void {
  const match = matchRecipients(wanted.recipients, found?.recipients ?? []);
  const changes = changesIn(wanted, found, match);
  if (found !== undefined && changes.length === 0) return;
  const refusals = refusalsOf(draft, wanted, found);
  for (const refusal of refusals) draft.fail(place, `alert "${wanted.name}": ${refusal}`);
  if (refusals.length > 0) return;
  const sent = { ...wanted, recipients: match.toSend, ...defined({ unmanaged: found?.unmanaged }) };
  const anew = match.tagsChange;
  const warnings = [
    ...(wanted.recipients.length === 0 ? [MAILS_THE_TEAM] : []),
    ...(anew ? ["is created again under another number: GlitchTip cannot change the tags of a recipient"] : []),
  ];
  const head = {
    kind: "alert",
    name: wanted.name,
    changes,
    ...(warnings.length === 0 ? {} : { warning: warnings.join("; ") }),
  } as const;
  if (found === undefined) draft.act(place, { ...head, type: "create", desired: sent });
  else draft.act(place, { ...head, type: "update", id: found.id, desired: { ...sent, ...(anew ? { anew } : {}) } });
}

function changesIn(wanted: DesiredAlert, found: ObservedAlert | undefined, match: RecipientsMatch): FieldChange[] {
  const changes = changesOf(found && numbers(found), numbers(wanted));
  const to = shownDesired(wanted.recipients);
  if (found === undefined) return [...changes, { field: "recipients", to }];
  if (match.same && !match.tagsChange) return changes;
  const from = shownObserved(found.recipients, wanted.recipients);
  return [...changes, { field: "recipients", from, to: isDeepStrictEqual(from, to) ? [...to, "(other secrets)"] : to }];
}

/** Returns why the server would refuse the alert, so that the plan fails before anything is sent. */
function refusalsOf(draft: Draft, wanted: DesiredAlert, found: ObservedAlert | undefined): string[] {
  const { generation, recipientTypes, recipientTags, refusesPrivateAddresses } = draft.capabilities;
  const there = new Set(found?.recipients.map(({ url }) => url));
  return wanted.recipients.flatMap(({ type, url, tagsToAdd }) => {
    if (!recipientTypes.includes(type)) {
      return [`GlitchTip ${generation} knows no recipients of type ${type}, only ${recipientTypes.join(", ")}`];
    }
    const refused = refusesPrivateAddresses && !draft.server.allowPrivateAddresses && isPrivateUrl(clearText(url));
    return [
      ...(tagsToAdd?.length && recipientTags === "none" ? [`GlitchTip ${generation} knows no tagsToAdd`] : []),
      ...(refused && !there.has(clearText(url))
        ? [
            `${maskedUrl(url)} is a private address, which GlitchTip ${generation} refuses unless it runs with GLITCHTIP_ALLOW_PRIVATE_IPS=true; where it does, declare allowPrivateAddresses: true`,
          ]
        : []),
    ];
  });
}
