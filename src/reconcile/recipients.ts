import { defined } from "../base/defined.ts";
import { Secret } from "../base/secret.ts";
import { isPrivateHost } from "../glitchtip/wire/private-hosts.ts";
import { normalUrl } from "../glitchtip/wire/url.ts";
import type { DesiredRecipient } from "./desired.ts";
import type { ObservedRecipient } from "./observed.ts";

/**
 * Returns what makes two recipients the same one for the server. URLs must be as it stores them, as `resolveDesired`
 * writes them.
 */
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

/**
 * Returns each recipient once. For the same one twice the server answers 500 and leaves an alert without recipients
 * (alerts scenario).
 */
export function distinct(recipients: readonly DesiredRecipient[]): DesiredRecipient[] {
  return [...new Map(recipients.map((one) => [desiredIdentity(one), one])).values()];
}

export interface RecipientsMatch {
  /** True where no recipient is added or removed. Their order does not count, because the server returns any order. */
  readonly same: boolean;
  /**
   * True where the tags of a recipient that stays differ, which the server cannot change (alerts scenario: a recipient
   * is unique within its alert).
   */
  readonly tagsChange: boolean;
  /**
   * The recipients that a PUT has to carry: undeclared tags stay, and tags that the server does not return are not
   * sent.
   */
  readonly toSend: readonly DesiredRecipient[];
}

export function matchRecipients(
  desired: readonly DesiredRecipient[],
  observed: readonly ObservedRecipient[],
): RecipientsMatch {
  const wantedOnes = new Set(desired.map(desiredIdentity));
  // Rows that are older than the server's own rule for URLs are stored in another form.
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
    const { tagsToAdd, ...declared } = wanted;
    const rest = { ...declared, ...defined({ unmanaged: found.unmanaged }) };
    if (found.tagsToAdd === undefined) return rest;
    if (tagsToAdd !== undefined && sorted(tagsToAdd) !== sorted(found.tagsToAdd)) {
      tagsChange = true;
      return { ...rest, tagsToAdd };
    }
    // The tags in the server's order: another order would be another recipient.
    return found.tagsToAdd.length === 0 ? rest : { ...rest, tagsToAdd: found.tagsToAdd };
  });
  return { same: kept === toSend.length && kept === observed.length, tagsChange, toSend };
}

const sorted = (tags: readonly string[]): string => JSON.stringify(tags.toSorted());

const shown = (type: string, url: string | Secret, tags: readonly string[] | undefined): string =>
  [type, ...(url === "" ? [] : [maskedUrl(url)]), ...(tags?.length ? [`+ tags ${tags.join(", ")}`] : [])].join(" ");

export const shownDesired = (recipients: readonly DesiredRecipient[]): string[] =>
  distinct(recipients)
    .map(({ type, url, tagsToAdd }) => shown(type, typeof url === "string" ? normalUrl(url) : url, tagsToAdd))
    .sort();

/** Shows in full only the URLs that the declaration has in clear text, because the others may be secrets. */
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

/** Query parameters whose values are secrets, such as the Jira bridge's token. */
const SECRET_PARAMETER = /([?&][^=&#]*(?:token|key|secret|password|signature|sig)[^=&#]*=)[^&#]+/gi;

/**
 * Returns a URL for people. Of a secret URL only scheme and host are shown, because whoever knows it can post to the
 * webhook.
 */
export function maskedUrl(url: string | Secret): string {
  if (typeof url === "string") return url.replace(SECRET_PARAMETER, "$1[secret]").replace(/\/\/[^/@]+@/, "//[secret]@");
  const text = url.reveal();
  const origin = URL.canParse(text) ? new URL(text).origin : "null";
  return origin === "null" ? "[secret]" : `${origin}/[secret]`;
}

export const isPrivateUrl = (url: string): boolean => URL.canParse(url) && isPrivateHost(new URL(url).hostname);
