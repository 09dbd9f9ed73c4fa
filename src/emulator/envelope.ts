import { defined } from "../base/defined.ts";
import { type Complaint, invalid } from "./body.ts";
import type { PlainBody } from "./compression.ts";
import {
  eventComplaints,
  fieldsOf,
  headerComplaints,
  hexId,
  missing,
  parsedJson,
  toldLength,
} from "./event-payload.ts";
import { ApiError } from "./reply.ts";
import type { World } from "./world.ts";

interface EnvelopeItem {
  readonly type: string;
  /** `undefined` where the payload is not JSON. */
  readonly payload: unknown;
}

export interface Envelope {
  /** 32 hex characters; `undefined` where the header names no event. */
  readonly eventId: string | undefined;
  readonly items: readonly EnvelopeItem[];
  /** Why the envelope is refused. Items before the fault are kept. */
  readonly refused?: "empty" | "header" | "line too big" | "payload too big";
}

/** Any other item type ends the envelope: the items after it are lost, and the answer is 200 (read). */
const KNOWN_TYPES = [
  ...["event", "transaction", "session", "sessions", "client_report", "attachment", "user_report", "check_in"],
  ...["log", "span", "profile", "replay_event", "replay_recording"],
];

const NEW_TYPES = ["feedback", "otel_log", "profile_chunk", "replay_video"];

/** Parses an envelope as 5.0 and later do: from top to bottom, ignoring everything after the first fault (read). */
export function parseEnvelope(body: PlainBody, world: Pick<World, "has">): Envelope {
  const refuse = (refused: NonNullable<Envelope["refused"]>): Envelope => ({ eventId: undefined, items: [], refused });
  if (body.end === "too big" && world.has("readsBodyFirst")) return refuse("payload too big");
  const reader = new Reader(body);
  const line = reader.line();
  if (line === undefined) return refuse("line too big");
  if (line.length === 0) return refuse("empty");
  const header = parsedJson(line);
  if (header === undefined || headerComplaints(fieldsOf(header), []).length > 0) return refuse("header");
  const items: EnvelopeItem[] = [];
  const refused = readItems(reader, world, items);
  return { eventId: hexId(fieldsOf(header).event_id), items, ...defined({ refused }) };
}

/** Appends the items to `items` and returns why the envelope is refused, if it is. */
function readItems(reader: Reader, world: Pick<World, "has">, items: EnvelopeItem[]): Envelope["refused"] {
  for (;;) {
    const line = reader.line();
    if (line === undefined) return "line too big";
    const { type, length } = itemHeader(fieldsOf(parsedJson(line)), world);
    if (type === undefined || length === undefined) return undefined;
    const payload = length === "none" ? reader.line() : takePayload(reader, length, world);
    if (payload === undefined) return undefined;
    if (payload === "too big") return "payload too big";
    items.push({ type, payload: parsedJson(payload) });
  }
}

/** Returns a payload of a declared length; `undefined` where it ends the envelope. */
function takePayload(reader: Reader, length: number, world: Pick<World, "has">): Buffer | "too big" | undefined {
  const payload = reader.take(length);
  if (payload === undefined) return "too big";
  if (payload.length < length || (length === 0 && world.has("emptyItemEndsEnvelope"))) return undefined;
  return reader.line() === undefined ? undefined : payload;
}

function itemHeader(
  { type, length, content_type: content }: Readonly<Record<string, unknown>>,
  world: Pick<World, "has">,
) {
  const types = world.has("newItemTypes") ? [...KNOWN_TYPES, ...NEW_TYPES] : KNOWN_TYPES;
  const known = types.find((name) => name === type);
  const isContent = content === undefined || content === null || ["string", "number"].includes(typeof content);
  return { type: isContent ? known : undefined, length: toldLength(length) };
}

/** Reads like the server's stream: returns less at the end, and `undefined` where the server raises because of the size. */
class Reader {
  readonly #body: PlainBody;
  #at = 0;

  constructor(body: PlainBody) {
    this.#body = body;
  }

  /** Returns the next line with its newline, so that an empty result means the end. */
  line(): Buffer | undefined {
    const end = this.#body.bytes.indexOf(10, this.#at);
    return end < 0 ? this.take(Number.POSITIVE_INFINITY) : this.take(end + 1 - this.#at);
  }

  take(length: number): Buffer | undefined {
    const { bytes, end } = this.#body;
    if (end === "too big" && bytes.length - this.#at < length) return undefined;
    const taken = bytes.subarray(this.#at, Math.min(bytes.length, this.#at + length));
    this.#at += taken.length;
    return taken;
  }
}

type Line = Readonly<Record<string, unknown>>;

/** With one of these content types the body is lines of JSON; with any other type it has to be one list. */
const LINE_TYPES = [
  ...["application/x-sentry-envelope", "application/octet-stream", "text/plain", "text/plain;charset=UTF-8"],
  undefined,
];

const TRANSACTION_NEEDS = ["contexts", "start_timestamp", "timestamp", "transaction", "platform"];
const LOCATION = ["body", "payload"];

/**
 * Parses an envelope as versions before 5.0 do: as lines of JSON, ignoring the lengths of items. A binary attachment or an
 * invalid event therefore refuses the whole envelope. Throws the server's answer (quirk ingestThroughApi).
 */
export function parseEnvelopeLines(body: Buffer, contentType: string | undefined): Envelope {
  const [header = {}, ...lines] = objects(LINE_TYPES.includes(contentType) ? splitLines(body) : json(body));
  refuse(headerComplaints(header, LOCATION));
  const items: { type: string; payload: unknown }[] = [];
  for (let at = 0; lines.length - at >= 2; at++) {
    const { type, length } = lines[at] ?? {};
    // The server takes the payload of any other item for the next item's header.
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
