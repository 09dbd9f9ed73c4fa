import { Secret } from "../base/secret.ts";
import { isPrivateHost } from "../glitchtip/wire/private-hosts.ts";
import { normalUrl } from "../glitchtip/wire/url.ts";
import type { DesiredRecipient } from "./desired.ts";
import type { ObservedRecipient } from "./observed.ts";

/** What makes two recipients the same one to the server. URLs are as it stores them: `resolveDesired` sees to ours. */
const identity = (type: string, url: string, zulip?: readonly (string | undefined)[]): string =>
  zulip === undefined ? `${type} ${url}` : JSON.stringify([type, url, ...zulip]);

const desiredIdentity = ({ type, url, zulip }: DesiredRecipient): string =>
  identity(type, clearText(url), zulip && [zulip.botEmail, zulip.apiKey.reveal(), zulip.channel, zulip.topic]);

function observedIdentity({ type, url, config }: ObservedRecipient): string {
  if (type !== "zulip" || config === undefined) return identity(type, url);
  const read = (...names: string[]) => names.map((name) => config[name]).find((value) => typeof value === "string");
  const fields = [read("botEmail", "bot_email"), read("apiKey", "api_key"), read("channel"), read("topic")];
  return identity(type, url, fields as (string | undefined)[]);
}

/** Each recipient once, as the server wants it: the same one twice is a 500 that leaves an alert without any (alerts). */
export function distinct(recipients: readonly DesiredRecipient[]): DesiredRecipient[] {
  return [...new Map(recipients.map((one) => [desiredIdentity(one), one])).values()];
}

export interface RecipientsMatch {
  /** No recipient comes or goes. Their order says nothing: the server returns them in any. */
  readonly same: boolean;
  /** Of one that stays, so that the server cannot change them (alerts: a recipient is unique within its alert). */
  readonly tagsChange: boolean;
  /** What a PUT has to carry: tags that are not declared stay, and tags that the server does not tell are not repeated. */
  readonly toSend: readonly DesiredRecipient[];
}

export function matchRecipients(
  desired: readonly DesiredRecipient[],
  observed: readonly ObservedRecipient[],
): RecipientsMatch {
  const wantedOnes = new Set(desired.map(desiredIdentity));
  // A row that is older than the server's own rule is not as it would be stored now.
  const stored = (one: ObservedRecipient) => ({ ...one, url: normalUrl(one.url) });
  const there = new Map(
    observed.map((one) => {
      const raw = observedIdentity(one);
      return [wantedOnes.has(raw) ? raw : observedIdentity(stored(one)), one];
    }),
  );
  let tagsChange = false;
  let kept = 0;
  const toSend = distinct(desired).map((wanted): DesiredRecipient => {
    const found = there.get(desiredIdentity(wanted));
    if (found === undefined) return wanted;
    kept += 1;
    const { tagsToAdd, ...rest } = wanted;
    if (found.tagsToAdd === undefined) return rest;
    if (tagsToAdd !== undefined && sorted(tagsToAdd) !== sorted(found.tagsToAdd)) {
      tagsChange = true;
      return wanted;
    }
    // As they are there, in that order: others would be another recipient to the server.
    return found.tagsToAdd.length === 0 ? rest : { ...rest, tagsToAdd: found.tagsToAdd };
  });
  return { same: kept === toSend.length && kept === observed.length, tagsChange, toSend };
}

const sorted = (tags: readonly string[]): string => JSON.stringify(tags.toSorted());

const shown = (type: string, url: string | Secret, tags: readonly string[] | undefined): string =>
  [type, ...(url === "" ? [] : [shownUrl(url)]), ...(tags?.length ? [`+ tags ${tags.join(", ")}`] : [])].join(" ");

export const shownDesired = (recipients: readonly DesiredRecipient[]): string[] =>
  distinct(recipients)
    .map(({ type, url, tagsToAdd }) => shown(type, typeof url === "string" ? normalUrl(url) : url, tagsToAdd))
    .sort();

/** In full only what the declaration says in clear: the rest may be somebody's secret. */
export function shownObserved(
  recipients: readonly ObservedRecipient[],
  declared: readonly DesiredRecipient[],
): string[] {
  const inClear = new Set(declared.flatMap(({ url }) => (typeof url === "string" ? [normalUrl(url)] : [])));
  return recipients
    .map(({ type, url, tagsToAdd }) => shown(type, inClear.has(url) || url === "" ? url : new Secret(url), tagsToAdd))
    .sort();
}

export const clearText = (value: string | Secret): string => (value instanceof Secret ? value.reveal() : value);

/** Query values that are secrets by their name; the Jira bridge's token stands in one. */
const SECRET_PARAMETER = /([?&][^=&#]*(?:token|key|secret|password|signature|sig)[^=&#]*=)[^&#]+/gi;

/** For people. Who knows a webhook's URL can post to it: of a secret one only scheme and host are shown. */
export function shownUrl(url: string | Secret): string {
  if (typeof url === "string") return url.replace(SECRET_PARAMETER, "$1[secret]").replace(/\/\/[^/@]+@/, "//[secret]@");
  const text = url.reveal();
  const origin = URL.canParse(text) ? new URL(text).origin : "null";
  return origin === "null" ? "[secret]" : `${origin}/[secret]`;
}

export const isPrivateUrl = (url: string): boolean => URL.canParse(url) && isPrivateHost(new URL(url).hostname);
