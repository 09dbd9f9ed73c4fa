import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from "node:zlib";
import type { Generation } from "../../src/emulator/index.ts";

/** The status, and the messages of the stored events. */
type Answer = readonly [status: number, ...kept: string[]];
type Answers = Readonly<Record<Generation, Answer>>;

interface Case {
  readonly name: string;
  readonly body: Buffer;
  readonly headers: Record<string, string>;
  readonly answers: Answers;
}

type Line = object | string;

export const A = "aaaaaaaaaaaa4aaa8aaaaaaaaaaaaaaa";
const B = "bbbbbbbbbbbb4bbb8bbbbbbbbbbbbbbb";
export const CRASHED = { event_id: A, message: "crashed" };
export const BURNT = { event_id: B, message: "burnt" };
export const EVENT = { type: "event" };

export const bytesOf = (line: Line): Buffer =>
  Buffer.isBuffer(line) ? line : Buffer.from(typeof line === "string" ? line : JSON.stringify(line));
const joined = (separator: string, all: readonly Line[]): Buffer =>
  Buffer.concat(all.flatMap((line, at) => (at === 0 ? [bytesOf(line)] : [Buffer.from(separator), bytesOf(line)])));
export const lines = (...all: Line[]): Buffer => joined("\n", all);
export const withLength = (type: string, payload: Line): object => ({ type, length: bytesOf(payload).length });
export const encoded = (encoding: string) => ({ "content-encoding": encoding });
export const typed = (type: string) => ({ "content-type": type });

const always = (...answer: Answer): Answers => ({ "4.1": answer, "5.1": answer, "5.2": answer, "6": answer });
/** 4.1 parses envelopes differently from all later versions. */
const changed = (before: Answer, later: Answer): Answers => ({ ...always(...later), "4.1": before });
const sent = (name: string, body: Buffer, answers: Answers, headers: Record<string, string> = {}): Case => ({
  name,
  body,
  headers,
  answers,
});
const zipped = (name: string, body: Buffer, answers: Answers): Case =>
  sent(name, gzipSync(body), answers, encoded("gzip"));

/** A text that hardly compresses, so that it spans many pieces of a stream. */
function noise(bytes: number): string {
  const parts = Array.from({ length: bytes / 8 }, (_, i) => Math.trunc(Math.abs(Math.sin(i)) * 2 ** 32));
  return parts.map((part) => part.toString(16).padStart(8, "0")).join("");
}

const CRASHED_ALONE = changed([400], [200, "crashed"]);
const BOTH = changed([400], [200, "crashed", "burnt"]);
export const SIMPLE = lines({ event_id: A }, EVENT, CRASHED);
export const HUGE = { ...CRASHED, extra: { noise: noise(3_000_000) } };
const NOISY = { ...BURNT, extra: { noise: noise(60_000) } };
const BINARY = Buffer.from([0, 10, 13, 10, 255, 123, 10]);

const ENCODINGS = [
  zipped("gzip", SIMPLE, always(200, "crashed")),
  sent("gzip in capitals", gzipSync(SIMPLE), always(200, "crashed"), encoded("GZIP")),
  sent("deflate", deflateSync(SIMPLE), always(200, "crashed"), encoded("deflate")),
  sent("deflate without its header", deflateRawSync(SIMPLE), always(200, "crashed"), encoded("deflate")),
  sent("brotli", brotliCompressSync(SIMPLE), CRASHED_ALONE, encoded("br")),
  sent("an encoding that it does not know", SIMPLE, always(200, "crashed"), encoded("x-any")),
  sent("gzip that is none", SIMPLE, changed([500], [400]), encoded("gzip")),
  sent("gzip without its last bytes", gzipSync(SIMPLE).subarray(0, -6), always(200, "crashed"), encoded("gzip")),
  zipped("gzip of nothing", bytesOf(""), changed([422], [400])),
  sent(
    "gzip that breaks after the first event",
    gzipSync(lines({}, EVENT, CRASHED, EVENT, NOISY)).fill(0, 20_000, 20_100),
    changed([500], [200, "crashed"]),
    encoded("gzip"),
  ),
];

const afterSmall = (item: object) => lines({}, EVENT, BURNT, item, HUGE);
const SIZES = [
  sent("3 MB that are not compressed", lines({}, EVENT, HUGE), always(200, "crashed")),
  zipped("3 MB in gzip after a small event, with their length", afterSmall(withLength("event", HUGE)), {
    ...always(413, "burnt"),
    "4.1": [400],
    "6": [413],
  }),
  zipped("3 MB in gzip after a small event, without their length", afterSmall(EVENT), {
    ...always(200, "burnt"),
    "4.1": [400],
    "6": [413],
  }),
  zipped("a header of 3 MB in gzip", lines({ x: "x".repeat(3_000_000) }, EVENT, CRASHED), {
    ...always(400),
    "6": [413],
  }),
];

const FULL = lines(
  ...[{ event_id: A, sdk: { name: "sdk", version: "1" }, sent_at: "2026-11-21T09:00:00Z" }],
  ...[withLength("event", CRASHED), CRASHED],
  ...[withLength("attachment", BINARY), BINARY],
  ...[{ type: "session" }, { sid: A, status: "crashed" }],
  ...[{ type: "client_report" }, { discarded_events: [] }],
  ...[{ type: "transaction" }, { type: "transaction", transaction: "checkout" }],
  ...[EVENT, BURNT],
);
const SMUGGLING = lines(EVENT, { message: "smuggled" });
const before = (...item: Line[]) => lines({}, ...item, EVENT, CRASHED);
const IGNORED = [
  ...["session", "sessions", "client_report", "attachment", "check_in", "user_report", "log", "span", "profile"],
  ...["replay_event", "replay_recording"],
];
const ITEMS = [
  sent("event, attachment, session, client report, transaction, event", FULL, BOTH),
  zipped("the same in gzip", FULL, BOTH),
  ...IGNORED.map((type) => sent(`an item ${type} before an event`, before({ type }, {}), always(200, "crashed"))),
  ...["feedback", "otel_log", "profile_chunk", "replay_video"].map((type) =>
    sent(`an item ${type}, known from 6 on, before an event`, before({ type }, {}), {
      ...always(200),
      "4.1": [200, "crashed"],
      "6": [200, "crashed"],
    }),
  ),
  ...["trace_metric", "statsd", "made_up"].map((type) =>
    sent(`an unknown item ${type} before an event`, before({ type }, {}), changed([200, "crashed"], [200])),
  ),
  sent("an unknown item after an event", lines({}, EVENT, CRASHED, { type: "made_up" }, {}), always(200, "crashed")),
  sent("an item without a type after an event", lines({}, EVENT, CRASHED, {}, {}), always(200, "crashed")),
  sent("a binary attachment before an event", before(withLength("attachment", BINARY), BINARY), CRASHED_ALONE),
  sent("a text of one line without its length before an event", before({ type: "attachment" }, "text"), CRASHED_ALONE),
  sent("a text of two lines without its length", before({ type: "attachment" }, "te\nxt"), changed([400], [200])),
  sent(
    "an attachment that holds an event",
    before(withLength("attachment", SMUGGLING), SMUGGLING),
    changed([200, "smuggled", "crashed"], [200, "crashed"]),
  ),
  sent("an empty attachment before an event", before({ type: "attachment", length: 0 }, ""), {
    ...always(200),
    "4.1": [400],
    "6": [200, "crashed"],
  }),
];

const told = (length: unknown) => lines({}, { type: "event", length }, CRASHED, EVENT, BURNT);
const byLines = (...later: Answer): Answers => changed([200, "crashed", "burnt"], later);
const long = bytesOf(CRASHED).length;
const LINES = [
  sent("CRLF", joined("\r\n", [{ event_id: A }, EVENT, CRASHED]), always(200, "crashed")),
  sent("CRLF and lengths", joined("\r\n", [{}, withLength("event", CRASHED), CRASHED]), always(200, "crashed")),
  sent("a newline at the end", lines({}, EVENT, CRASHED, ""), always(200, "crashed")),
  sent("two newlines at the end", lines({}, EVENT, CRASHED, "", ""), CRASHED_ALONE),
  sent("an empty line between items", lines({}, EVENT, CRASHED, "", EVENT, BURNT), CRASHED_ALONE),
  sent("an empty line at the start", lines("", {}, EVENT, CRASHED), always(400)),
  sent("an item's header alone", lines({}, EVENT), always(200)),
  sent("a length that is too short", told(long - 1), byLines(200, "burnt")),
  sent("a length that takes the newline", told(long + 1), byLines(200, "crashed")),
  sent("a length that goes beyond the end", told(10_000), byLines(200)),
  sent("a length in words", told("ten"), changed([422], [200])),
  ...[String(long), null, -5].map((length) =>
    sent(`the length ${JSON.stringify(length)}`, told(length), always(200, "crashed", "burnt")),
  ),
];

const inTurn = (...events: Line[]) => lines({}, ...events.flatMap((event) => [EVENT, event]));
const onlyBurnt = (status: number): Answers => changed([status], [200, "burnt"]);
const EVENTS = [
  sent("an event that is no JSON before a good one", inTurn("nope", BURNT), onlyBurnt(400)),
  sent("an event that is no UTF-8", inTurn(Buffer.from('{"message":"\xff"}', "latin1"), BURNT), onlyBurnt(400)),
  sent("an exception that is a text", inTurn({ ...CRASHED, exception: "boom" }, BURNT), onlyBurnt(422)),
  sent("tags that are a text", inTurn({ ...CRASHED, tags: "a" }, BURNT), onlyBurnt(422)),
  sent("an id that is none", inTurn({ ...CRASHED, event_id: "x" }, BURNT), byLines(200, "burnt")),
  sent("a time that is none", inTurn({ ...CRASHED, timestamp: "never" }), {
    ...always(200, "crashed"),
    "4.1": [422],
    "5.1": [200],
  }),
  sent("an event without message and exception", inTurn({}), always(200, "<unlabeled event>")),
  sent("two events of one id", inTurn(CRASHED, { ...BURNT, event_id: A }), byLines(200, "crashed")),
  sent(
    "two events below a header with an id",
    lines({ event_id: A }, EVENT, CRASHED, EVENT, BURNT),
    changed([200, "crashed"], [200, "crashed", "burnt"]),
  ),
];

const under = (header: Line) => lines(header, EVENT, CRASHED);
const HEADERS = [
  sent("a header with an id that is none", under({ event_id: "x" }), changed([422], [400])),
  sent("a header with a time that is none", under({ sent_at: "never" }), changed([422], [400])),
  sent("a header whose sdk has no version", under({ sdk: { name: "sdk" } }), changed([422], [400])),
  sent("a header that is a list", under("[]"), changed([422], [200, "crashed"])),
  ...["application/x-sentry-envelope", "application/octet-stream", "text/plain", "text/plain;charset=UTF-8"].map(
    (type) => sent(`the content type ${type}`, SIMPLE, always(200, "crashed"), typed(type)),
  ),
  ...["application/json", "text/plain; charset=utf-8"].map((type) =>
    sent(`the content type ${type}`, SIMPLE, CRASHED_ALONE, typed(type)),
  ),
];

/**
 * Envelopes and their answers. These are not recordings: the answers of 4.1, 5.1 and 5.2 came from the ingest code of
 * these generations, which ran alone under its own web server with the libraries of its lock file. Those of 6 were read in
 * its source.
 */
export const CASES: readonly Case[] = [...ENCODINGS, ...SIZES, ...ITEMS, ...LINES, ...EVENTS, ...HEADERS];
