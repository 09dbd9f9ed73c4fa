import { type Complaint, invalid } from "./body.ts";
import type { Envelope } from "./envelope.ts";
import { eventComplaints, fieldsOf, headerComplaints, hexId, missing, parsedJson, toldLength } from "./event-shape.ts";
import { ApiError } from "./reply.ts";

type Line = Readonly<Record<string, unknown>>;

/** Of other types the whole body has to be one list. */
const LINE_TYPES = [
  ...["application/x-sentry-envelope", "application/octet-stream", "text/plain", "text/plain;charset=UTF-8"],
  undefined,
];
const TRANSACTION_NEEDS = ["contexts", "start_timestamp", "timestamp", "transaction", "platform"];
const LOCATION = ["body", "payload"];

/**
 * Before 5.0 an envelope is lines of JSON: the length of an item is not looked at, so a binary attachment refuses the
 * whole, as an invalid event does. Throws the answer (quirk ingestThroughApi).
 */
export function parseEnvelopeLines(body: Buffer, contentType: string | undefined): Envelope {
  const [header = {}, ...lines] = objects(LINE_TYPES.includes(contentType) ? splitLines(body) : json(body));
  refuse(headerComplaints(header, LOCATION));
  const items: { type: string; payload: unknown }[] = [];
  for (let at = 0; lines.length - at >= 2; at++) {
    const { type, length } = lines[at] ?? {};
    // The payload of any other item is taken for the next item's header.
    if (type !== "event" && type !== "transaction") continue;
    if (toldLength(length) === undefined) {
      refuse([{ type: "int_parsing", loc: [...LOCATION, "length"], msg: "Input should be a valid integer" }]);
    }
    const payload = lines[++at] ?? {};
    if (type === "event") refuse(eventComplaints(payload, LOCATION, true));
    else refuse(TRANSACTION_NEEDS.filter((name) => !(name in payload)).map((name) => missing([...LOCATION, name])));
    items.push({ type, payload });
  }
  return { eventId: hexId(header.event_id), items };
}

function refuse(complaints: readonly Complaint[]): void {
  if (complaints.length > 0) throw invalid(complaints);
}

function json(bytes: Buffer): unknown {
  const value = parsedJson(bytes);
  if (value === undefined) throw new ApiError(400, "Cannot parse request body");
  return value;
}

function splitLines(body: Buffer): unknown[] {
  const lines: unknown[] = [];
  for (let at = 0; at < body.length; ) {
    const newline = body.indexOf(10, at);
    const end = newline < 0 ? body.length : newline + 1;
    lines.push(json(body.subarray(at, end)));
    at = end;
  }
  return lines;
}

function objects(value: unknown): Line[] {
  if (!Array.isArray(value)) throw invalid([{ type: "list_type", loc: LOCATION, msg: "Input should be a valid list" }]);
  const msg = "Input should be a valid dictionary";
  refuse(
    value.flatMap((line, at) => (fieldsOf(line) === line ? [] : [{ type: "dict_type", loc: [...LOCATION, at], msg }])),
  );
  return value as Line[];
}
