import { type Complaint, isObject } from "./body.ts";
import type { IssueRow } from "./rows.ts";

type Fields = Readonly<Record<string, unknown>>;

type Location = readonly (string | number)[];

/** Parses JSON in UTF-8; returns `undefined` for anything else. */
export function parsedJson(bytes: Buffer): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes));
  } catch {
    return undefined;
  }
}

/** Returns the fields of an object. Like everywhere in the API, any other value is treated as an object without fields. */
export const fieldsOf = (value: unknown): Fields => (isObject(value) ? value : {});

export function hexId(value: unknown): string | undefined {
  const hex = typeof value === "string" ? value.replaceAll("-", "").toLowerCase() : "";
  return /^[0-9a-f]{32}$/.test(hex) ? hex : undefined;
}

export const missing = (loc: Location): Complaint => ({ type: "missing", loc, msg: "Field required" });
const isNone = (value: unknown): boolean => value === undefined || value === null;

export function idComplaints({ event_id: value }: Fields, loc: Location): Complaint[] {
  if (isNone(value) || hexId(value) !== undefined) return [];
  return [{ type: "uuid_parsing", loc: [...loc, "event_id"], msg: "Input should be a valid UUID" }];
}

/** Accepts ISO 8601 and seconds. */
function timeComplaints(value: unknown, loc: Location): Complaint[] {
  const known = typeof value === "string" ? Number(value || Number.NaN) || Date.parse(value) : value;
  if (value === undefined || (typeof known === "number" && !Number.isNaN(known))) return [];
  return [{ type: "datetime_type", loc, msg: "Input should be a valid datetime" }];
}

/** Returns the errors in an envelope's first line. An `sdk` needs a name and a version. */
export function headerComplaints(header: Fields, loc: Location): Complaint[] {
  const sdk = isNone(header.sdk) ? [] : ["name", "version"].filter((name) => !(name in fieldsOf(header.sdk)));
  return [
    ...idComplaints(header, loc),
    ...sdk.map((name) => missing([...loc, "sdk", name])),
    ...timeComplaints(header.sent_at, [...loc, "sent_at"]),
  ];
}

/** Returns the errors in an event, apart from its id. The server drops or coerces malformed values of other fields. */
export function eventComplaints(event: Fields, loc: Location, timeMatters: boolean): Complaint[] {
  const { exception, tags, timestamp } = event;
  const isException = isNone(exception) || Array.isArray(exception) || "values" in fieldsOf(exception);
  const isTags = isNone(tags) || Array.isArray(tags) || isObject(tags);
  return [
    ...(isException ? [] : [missing([...loc, "exception", "values"])]),
    ...(isTags ? [] : [{ type: "dict_type", loc: [...loc, "tags"], msg: "Input should be a valid dictionary" }]),
    ...(timeMatters ? timeComplaints(timestamp, [...loc, "timestamp"]) : []),
  ];
}

/** Returns an item's declared length, parsed like pydantic's integers; `undefined` if invalid. A negative one counts as none. */
export function toldLength(value: unknown): number | "none" | undefined {
  if (isNone(value)) return "none";
  const length = typeof value === "string" && !/^\s*[+-]?\d+\s*$/.test(value) ? Number.NaN : Number(value);
  if (typeof value === "object" || !Number.isInteger(length)) return undefined;
  return length < 0 ? "none" : length;
}

type Facts = Pick<IssueRow, "hash" | "type" | "level" | "title" | "culprit" | "metadata" | "tags">;

/** Returns what the worker derives from an event: its title, type, tags and the hash that groups it. */
export function describe(payload: Readonly<Record<string, unknown>>): Facts {
  const exception = lastException(payload.exception);
  const type = exception ? "error" : "default";
  const title = (exception ? exceptionTitle(exception) : message(payload)).slice(0, 255) || "<unlabeled event>";
  const culprit = text(payload.transaction);
  const fingerprint = Array.isArray(payload.fingerprint) ? payload.fingerprint.join() : "{{ default }}";
  return {
    hash: fingerprint.replace("{{ default }}", `${type} ${title} ${culprit}`),
    type,
    level: text(payload.level) || "error",
    title,
    culprit,
    metadata: exception ? { type: text(exception.type), value: text(exception.value) } : {},
    tags: tags(payload),
  };
}

const text = (value: unknown): string => (typeof value === "string" ? value : "");

function lastException(value: unknown): Record<string, unknown> | undefined {
  const list: unknown = isObject(value) ? value.values : value;
  const last: unknown = Array.isArray(list) ? list.at(-1) : undefined;
  return isObject(last) ? last : undefined;
}

function exceptionTitle(exception: Record<string, unknown>): string {
  const value = text(exception.value).split("\n")[0];
  return value ? `${text(exception.type) || "Error"}: ${value}` : text(exception.type) || "Error";
}

function message(payload: Readonly<Record<string, unknown>>): string {
  const given = payload.message ?? payload.logentry;
  const found = isObject(given) ? text(given.formatted) || text(given.message) : text(given);
  return found.split("\n")[0] ?? "";
}

function tags(payload: Readonly<Record<string, unknown>>): Record<string, string> {
  const found: Record<string, string> = {};
  const given = payload.tags;
  const pairs: unknown[] = Array.isArray(given) ? given : isObject(given) ? Object.entries(given) : [];
  for (const pair of pairs) if (Array.isArray(pair)) found[String(pair[0])] = String(pair[1]);
  for (const name of ["environment", "release", "server_name"]) {
    if (typeof payload[name] === "string") found[name] = payload[name];
  }
  return found;
}
