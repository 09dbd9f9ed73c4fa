import { isPrivateHost } from "../glitchtip/wire/private-hosts.ts";
import { type Complaint, invalid, isObject, laterOf } from "./body.ts";
import type { RouteCall } from "./call.ts";
import { DatabaseError } from "./reply.ts";
import type { RecipientRow } from "./rows.ts";
import type { World } from "./world.ts";

/** A valid recipient that has not been stored. */
type CheckedRecipient = Omit<RecipientRow, "id"> & { readonly tagsGiven: boolean };

const DISCRIMINATOR = "'recipient_type' | 'recipientType'";
const NAMES: Readonly<Record<string, string>> = {
  email: "RecipientType.EMAIL",
  discord: "RecipientType.DISCORD",
  webhook: "RecipientType.GENERAL_WEBHOOK",
  googlechat: "RecipientType.GOOGLE_CHAT",
  teams: "RecipientType.MICROSOFT_TEAMS",
  ntfy: "RecipientType.NTFY",
  zulip: "RecipientType.ZULIP",
  feishu: "RecipientType.FEISHU",
};

function typesOf(world: World): string[] {
  const types = ["email", "discord", "webhook", "googlechat"];
  if (world.has("manyRecipientTypes")) types.push("teams", "ntfy", "zulip", "feishu");
  return types;
}

/** Returns the recipients of a body; null if the body says null, which fails later (alerts: "recipients null"). */
export function readRecipients(call: RouteCall): CheckedRecipient[] | null {
  const given = call.payload.alertRecipients ?? (call.payload.alertRecipients === null ? null : []);
  if (!Array.isArray(given)) return null;
  const complaints: Complaint[] = [];
  const checked = given.flatMap((value: unknown, at) => {
    const found = check(call.world, value, ["body", "payload", "alertRecipients", at]);
    if ("complaint" in found) complaints.push(found.complaint);
    return "complaint" in found ? [] : [found];
  });
  if (complaints.length > 0) throw invalid(complaints);
  return checked;
}

type Location = readonly (string | number)[];

function check(world: World, value: unknown, loc: Location): CheckedRecipient | { complaint: Complaint } {
  const given = isObject(value) ? value : {};
  const tag = given.recipientType ?? given.recipient_type;
  if (tag === undefined) {
    const msg = `Unable to extract tag using discriminator ${DISCRIMINATOR}`;
    return { complaint: { type: "union_tag_not_found", loc, msg, ctx: { discriminator: DISCRIMINATOR } } };
  }
  const types = typesOf(world);
  if (typeof tag !== "string" || !types.includes(tag)) {
    const expected_tags = types.map((type) => NAMES[type]).join(", ");
    const msg = `Input tag '${tag}' found using ${DISCRIMINATOR} does not match any of the expected tags: ${expected_tags}`;
    return {
      complaint: { type: "union_tag_invalid", loc, msg, ctx: { discriminator: DISCRIMINATOR, tag, expected_tags } },
    };
  }
  const url = checkUrl(world, tag, given.url, [...loc, tag, "url"]);
  if (typeof url !== "string") return { complaint: url };
  const config = tag === "zulip" ? zulipConfig(given, [...loc, tag]) : {};
  if ("msg" in config) return { complaint: config as Complaint };
  const tags: unknown = given.tagsToAdd;
  return {
    recipientType: tag,
    url,
    tagsToAdd: Array.isArray(tags) ? tags.map(String) : [],
    tagsGiven: tags !== undefined,
    config,
    later: laterOf(world, given),
  };
}

const ZULIP_FIELDS = { botEmail: "bot_email", apiKey: "api_key", channel: "channel", topic: "topic" } as const;

/** Zulip's fields stand beside the type in a request, and in `config` with underscores in an answer (read in 6). */
function zulipConfig(given: Record<string, unknown>, loc: Location): Record<string, unknown> | Complaint {
  const config: Record<string, unknown> = { topic: "GlitchTip Alerts" };
  for (const [name, stored] of Object.entries(ZULIP_FIELDS)) {
    const value = given[name] ?? given[stored] ?? config[stored];
    if (value === undefined) return { type: "missing", loc: [...loc, name], msg: "Field required" };
    if (typeof value !== "string") {
      return { type: "string_type", loc: [...loc, name], msg: "Input should be a valid string" };
    }
    config[stored] = value;
  }
  return config;
}

/** Returns the URL normalised like a WHATWG URL, or the error (alerts: "international host name"). */
function checkUrl(world: World, type: string, value: unknown, loc: Location): string | Complaint {
  if (type === "email" && (value === undefined || value === "")) return "";
  if (value === undefined) return { type: "missing", loc, msg: "Field required" };
  if (typeof value !== "string") return { type: "url_type", loc, msg: "URL input should be a string or URL" };
  const error = value === "" ? "input is empty" : "relative URL without a base";
  const complaint = { type: "url_parsing", loc, msg: `Input should be a valid URL, ${error}`, ctx: { error } };
  if (!URL.canParse(value)) return complaint;
  const url = new URL(value);
  if (!["http:", "https:"].includes(url.protocol)) {
    const expected_schemes = "'http' or 'https'";
    return { type: "url_scheme", loc, msg: `URL scheme should be ${expected_schemes}`, ctx: { expected_schemes } };
  }
  if (world.has("refusesPrivateAddresses") && isPrivateHost(url.hostname)) {
    return { type: "value_error", loc, msg: "Value error, URLs targeting private or internal IPs are not allowed" };
  }
  return url.href;
}

/** Stores all recipients or none: a duplicate uses up the ids (alerts: "same webhook twice in one alert"). */
export function storeRecipients(call: RouteCall, inputs: readonly CheckedRecipient[] | null): RecipientRow[] {
  if (inputs === null) throw new DatabaseError("recipients are null");
  const stored = inputs.map((input) => makeRecipient(call, input));
  const distinct = new Set(stored.map(sameRecipient));
  if (distinct.size < stored.length) throw new DatabaseError("a recipient is unique within its alert");
  return stored;
}

const sameRecipient = ({ recipientType, url }: Pick<RecipientRow, "recipientType" | "url">): string =>
  `${recipientType} ${url}`;

function makeRecipient(call: RouteCall, { tagsGiven: _, ...input }: CheckedRecipient): RecipientRow {
  return { ...input, id: call.state.recipientIds.insert({}).id };
}

/** Replaces the recipients; equal ones keep their ids (alerts: "update without recipients"). */
export function replaceRecipients(
  call: RouteCall,
  old: readonly RecipientRow[],
  inputs: readonly CheckedRecipient[] | null,
): RecipientRow[] {
  if (inputs === null) throw new DatabaseError("recipients are null");
  const kept: RecipientRow[] = [];
  for (const input of inputs) {
    const known = [...kept, ...old].find((one) => sameRecipient(one) === sameRecipient(input));
    if (known && input.tagsGiven && known.tagsToAdd.join() !== input.tagsToAdd.join()) {
      throw new DatabaseError("a recipient is unique within its alert");
    }
    if (known && kept.includes(known)) continue;
    kept.push(known === undefined ? makeRecipient(call, input) : { ...known, later: input.later });
  }
  return kept;
}
