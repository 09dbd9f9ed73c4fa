import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { type Generation, startEmulator } from "../../src/emulator/index.ts";
import { asking, makeShop } from "./asking.ts";
import { ADMIN } from "./player.ts";

/**
 * What an envelope may look like, and what becomes of it. Not part of the recordings: the answers of 4.1, 5.1 and 5.2
 * are those that the ingest code of these generations gave to the same requests, run alone under its own web server
 * with the libraries of its lock file; those of 6 are read from its sources.
 */
interface Case {
  readonly name: string;
  readonly body: Buffer;
  readonly headers?: Record<string, string>;
  /** The status and the messages of the events that are kept: of all generations, or one after the other. */
  readonly answers: Answer | Readonly<Record<Generation, Answer>>;
}

type Answer = readonly [status: number, ...kept: string[]];

const A = "aaaaaaaaaaaa4aaa8aaaaaaaaaaaaaaa";
const B = "bbbbbbbbbbbb4bbb8bbbbbbbbbbbbbbb";
const CRASHED = { event_id: A, message: "crashed" };
const BURNT = { event_id: B, message: "burnt" };
const EVENT = { type: "event" };
const BINARY = Buffer.from([0, 10, 13, 10, 255, 123, 10]);
/** Hardly compressible, and so spread over many pieces of the stream. */
const noise = (bytes: number): string =>
  Array.from({ length: bytes / 8 }, (_, i) =>
    Math.trunc(Math.abs(Math.sin(i)) * 2 ** 32)
      .toString(16)
      .padStart(8, "0"),
  ).join("");
const HUGE = { ...CRASHED, extra: { noise: noise(3_000_000) } };

const bytesOf = (line: object | string): Buffer =>
  Buffer.isBuffer(line) ? line : Buffer.from(typeof line === "string" ? line : JSON.stringify(line));

function joined(separator: string, lines: readonly (object | string)[]): Buffer {
  return Buffer.concat(
    lines.flatMap((line, at) => (at === 0 ? [bytesOf(line)] : [Buffer.from(separator), bytesOf(line)])),
  );
}

const lines = (...all: (object | string)[]): Buffer => joined("\n", all);
const withLength = (type: string, payload: object | string): object => ({ type, length: bytesOf(payload).length });
const encoded = (encoding: string) => ({ "content-encoding": encoding });
const typed = (type: string) => ({ "content-type": type });
const onlyBefore5 = (answer: Answer, later: Answer) => ({ "4.1": answer, "5.1": later, "5.2": later, "6": later });

const simple = lines({ event_id: A }, EVENT, CRASHED);
const full = lines(
  { event_id: A, sdk: { name: "sdk", version: "1" }, sent_at: "2026-11-21T09:00:00Z" },
  withLength("event", CRASHED),
  CRASHED,
  withLength("attachment", BINARY),
  BINARY,
  { type: "session" },
  { sid: A, status: "crashed" },
  { type: "client_report" },
  { discarded_events: [] },
  { type: "transaction" },
  { type: "transaction", transaction: "checkout" },
  EVENT,
  BURNT,
);

const ENCODINGS: Case[] = [
  { name: "gzip", body: gzipSync(simple), headers: encoded("gzip"), answers: [200, "crashed"] },
  { name: "gzip in capitals", body: gzipSync(simple), headers: encoded("GZIP"), answers: [200, "crashed"] },
  { name: "deflate", body: deflateSync(simple), headers: encoded("deflate"), answers: [200, "crashed"] },
  {
    name: "deflate without its header",
    body: deflateRawSync(simple),
    headers: encoded("deflate"),
    answers: [200, "crashed"],
  },
  {
    name: "brotli",
    body: brotliCompressSync(simple),
    headers: encoded("br"),
    answers: onlyBefore5([400], [200, "crashed"]),
  },
  { name: "an encoding that it does not know", body: simple, headers: encoded("x-any"), answers: [200, "crashed"] },
  { name: "gzip that is none", body: simple, headers: encoded("gzip"), answers: onlyBefore5([500], [400]) },
  {
    name: "gzip without its last bytes",
    body: gzipSync(simple).subarray(0, -6),
    headers: encoded("gzip"),
    answers: [200, "crashed"],
  },
  { name: "gzip of nothing", body: gzipSync(""), headers: encoded("gzip"), answers: onlyBefore5([422], [400]) },
  {
    name: "gzip that breaks after the first event",
    body: gzipSync(lines({}, EVENT, CRASHED, EVENT, { ...BURNT, extra: { noise: noise(60_000) } })).fill(
      0,
      20_000,
      20_100,
    ),
    headers: encoded("gzip"),
    answers: onlyBefore5([500], [200, "crashed"]),
  },
];

const SIZES: Case[] = [
  { name: "3 MB that are not compressed", body: lines({}, EVENT, HUGE), answers: [200, "crashed"] },
  {
    name: "3 MB in gzip after a small event, with their length",
    body: gzipSync(lines({}, EVENT, BURNT, withLength("event", HUGE), HUGE)),
    headers: encoded("gzip"),
    answers: { "4.1": [400], "5.1": [413, "burnt"], "5.2": [413, "burnt"], "6": [413] },
  },
  {
    name: "3 MB in gzip after a small event, without their length",
    body: gzipSync(lines({}, EVENT, BURNT, EVENT, HUGE)),
    headers: encoded("gzip"),
    answers: { "4.1": [400], "5.1": [200, "burnt"], "5.2": [200, "burnt"], "6": [413] },
  },
  {
    name: "a header of 3 MB in gzip",
    body: gzipSync(lines({ x: "x".repeat(3_000_000) }, EVENT, CRASHED)),
    headers: encoded("gzip"),
    answers: { "4.1": [400], "5.1": [400], "5.2": [400], "6": [413] },
  },
];

const IGNORED = [
  "session",
  "sessions",
  "client_report",
  "attachment",
  "check_in",
  "log",
  "span",
  "profile",
  "replay_event",
];
const LATER_KNOWN = ["feedback", "otel_log", "profile_chunk", "replay_video"];
const UNKNOWN = ["trace_metric", "statsd", "made_up"];
const betweenEvents = (type: string) => lines({ event_id: A }, EVENT, CRASHED, { type }, { x: 1 }, EVENT, BURNT);

const ITEMS: Case[] = [
  {
    name: "event, attachment, session, client report, transaction, event",
    body: full,
    answers: onlyBefore5([400], [200, "crashed", "burnt"]),
  },
  {
    name: "the same in gzip",
    body: gzipSync(full),
    headers: encoded("gzip"),
    answers: onlyBefore5([400], [200, "crashed", "burnt"]),
  },
  // Up to 4.1 the header names both events, so the second counts as sent again.
  ...IGNORED.map((type) => ({
    name: `an item ${type} between two events`,
    body: betweenEvents(type),
    answers: onlyBefore5([200, "crashed"], [200, "crashed", "burnt"]),
  })),
  ...LATER_KNOWN.map((type) => ({
    name: `an item ${type}, known from 6 on, before an event`,
    body: lines({}, { type }, {}, EVENT, CRASHED),
    answers: { "4.1": [200, "crashed"], "5.1": [200], "5.2": [200], "6": [200, "crashed"] } as const,
  })),
  ...UNKNOWN.map((type) => ({
    name: `an unknown item ${type} before an event`,
    body: lines({}, { type }, {}, EVENT, CRASHED),
    answers: onlyBefore5([200, "crashed"], [200]),
  })),
  {
    name: "an unknown item after an event",
    body: lines({}, EVENT, CRASHED, { type: "made_up" }, {}),
    answers: [200, "crashed"],
  },
  { name: "an item without a type", body: lines({}, EVENT, CRASHED, {}, {}), answers: [200, "crashed"] },
  {
    name: "a binary attachment with newlines before an event",
    body: lines({}, withLength("attachment", BINARY), BINARY, EVENT, CRASHED),
    answers: onlyBefore5([400], [200, "crashed"]),
  },
  {
    name: "a text of one line without a length before an event",
    body: lines({}, { type: "attachment" }, "text", EVENT, CRASHED),
    answers: onlyBefore5([400], [200, "crashed"]),
  },
  {
    name: "a text of two lines without a length before an event",
    body: lines({}, { type: "attachment" }, "te\nxt", EVENT, CRASHED),
    answers: onlyBefore5([400], [200]),
  },
  {
    name: "an attachment that holds an event",
    body: lines(
      {},
      withLength("attachment", lines(EVENT, { message: "smuggled" })),
      EVENT,
      { message: "smuggled" },
      EVENT,
      CRASHED,
    ),
    answers: onlyBefore5([200, "smuggled", "crashed"], [200, "crashed"]),
  },
  {
    name: "an empty attachment before an event",
    body: lines({}, { type: "attachment", length: 0 }, "", EVENT, CRASHED),
    answers: { "4.1": [400], "5.1": [200], "5.2": [200], "6": [200, "crashed"] },
  },
];

const told = (length: unknown) => lines({}, { type: "event", length }, CRASHED, EVENT, BURNT);
const long = bytesOf(CRASHED).length;
const LINES: Case[] = [
  { name: "CRLF", body: joined("\r\n", [{ event_id: A }, EVENT, CRASHED]), answers: [200, "crashed"] },
  {
    name: "CRLF and lengths",
    body: joined("\r\n", [{ event_id: A }, withLength("event", CRASHED), CRASHED]),
    answers: [200, "crashed"],
  },
  { name: "a newline at the end", body: lines({ event_id: A }, EVENT, CRASHED, ""), answers: [200, "crashed"] },
  {
    name: "two newlines at the end",
    body: lines({ event_id: A }, EVENT, CRASHED, "", ""),
    answers: onlyBefore5([400], [200, "crashed"]),
  },
  {
    name: "an empty line between items",
    body: lines({}, EVENT, CRASHED, "", EVENT, BURNT),
    answers: onlyBefore5([400], [200, "crashed"]),
  },
  { name: "an empty line at the start", body: lines("", {}, EVENT, CRASHED), answers: [400] },
  { name: "an item's header alone", body: lines({}, EVENT), answers: [200] },
  {
    name: "a length that is too short",
    body: told(long - 1),
    answers: onlyBefore5([200, "crashed", "burnt"], [200, "burnt"]),
  },
  {
    name: "a length that takes the newline",
    body: told(long + 1),
    answers: onlyBefore5([200, "crashed", "burnt"], [200, "crashed"]),
  },
  {
    name: "a length that goes beyond the end",
    body: told(10_000),
    answers: onlyBefore5([200, "crashed", "burnt"], [200]),
  },
  { name: "a length in words", body: told("ten"), answers: onlyBefore5([422], [200]) },
  ...[String(long), null, -5].map((length) => ({
    name: `the length ${JSON.stringify(length)}`,
    body: told(length),
    answers: [200, "crashed", "burnt"] as const,
  })),
];

const inTurn = (...payloads: (object | string)[]) => lines({}, ...payloads.flatMap((payload) => [EVENT, payload]));
const EVENTS: Case[] = [
  {
    name: "an event that is no JSON before a good one",
    body: inTurn("nope", BURNT),
    answers: onlyBefore5([400], [200, "burnt"]),
  },
  {
    name: "an event that is no UTF-8 before a good one",
    body: inTurn(Buffer.from('{"message":"\xff"}', "latin1"), BURNT),
    answers: onlyBefore5([400], [200, "burnt"]),
  },
  {
    name: "an exception that is a text before a good event",
    body: inTurn({ ...CRASHED, exception: "boom" }, BURNT),
    answers: onlyBefore5([422], [200, "burnt"]),
  },
  {
    name: "tags that are a text before a good event",
    body: inTurn({ ...CRASHED, tags: "a" }, BURNT),
    answers: onlyBefore5([422], [200, "burnt"]),
  },
  {
    name: "an id that is none before a good event",
    body: inTurn({ ...CRASHED, event_id: "x" }, BURNT),
    answers: onlyBefore5([200, "crashed", "burnt"], [200, "burnt"]),
  },
  {
    name: "a time that is none",
    body: inTurn({ ...CRASHED, timestamp: "never" }),
    answers: { "4.1": [422], "5.1": [200], "5.2": [200, "crashed"], "6": [200, "crashed"] },
  },
  { name: "an event without a message or exception", body: inTurn({}), answers: [200, "<unlabeled event>"] },
  {
    name: "two events under one id",
    body: inTurn(CRASHED, { ...BURNT, event_id: A }),
    answers: onlyBefore5([200, "crashed", "burnt"], [200, "crashed"]),
  },
];

const HEADERS: Case[] = [
  {
    name: "a header with an id that is none",
    body: lines({ event_id: "x" }, EVENT, CRASHED),
    answers: onlyBefore5([422], [400]),
  },
  {
    name: "a header with a time that is none",
    body: lines({ sent_at: "never" }, EVENT, CRASHED),
    answers: onlyBefore5([422], [400]),
  },
  {
    name: "a header whose sdk has no version",
    body: lines({ sdk: { name: "sdk" } }, EVENT, CRASHED),
    answers: onlyBefore5([422], [400]),
  },
  { name: "a header that is a list", body: lines("[]", EVENT, CRASHED), answers: onlyBefore5([422], [200, "crashed"]) },
  ...["application/x-sentry-envelope", "application/octet-stream", "text/plain", "text/plain;charset=UTF-8"].map(
    (type) => ({
      name: `the content type ${type}`,
      body: simple,
      headers: typed(type),
      answers: [200, "crashed"] as const,
    }),
  ),
  ...["application/json", "text/plain; charset=utf-8"].map((type) => ({
    name: `the content type ${type}`,
    body: simple,
    headers: typed(type),
    answers: onlyBefore5([400], [200, "crashed"]),
  })),
];

const isForAll = (answers: Case["answers"]): answers is Answer => Array.isArray(answers);

describe.each(["4.1", "5.1", "5.2", "6"] as const)("GlitchTip %s, sent an envelope with", (generation) => {
  it.each([...ENCODINGS, ...SIZES, ...ITEMS, ...LINES, ...EVENTS, ...HEADERS])(
    "$name",
    async ({ body, headers, answers }) => {
      const [status, ...kept] = isForAll(answers) ? answers : answers[generation];
      await using shop = await openShop(generation);
      const answer = await shop.send(body, headers);
      expect({ status: answer.status, kept: shop.kept() }).toEqual({ status, kept });
    },
  );

  it("no content type, in chunks, as @sentry/node sends it", async () => {
    await using shop = await openShop(generation);
    // A stream goes out in chunks, and fetch gives it no type.
    expect((await shop.send(new Blob([simple]).stream())).status).toBe(200);
    expect(shop.kept()).toEqual(["crashed"]);
  });

  it("other ids in its header and its events", async () => {
    await using shop = await openShop(generation);
    const header = "11111111-1111-4111-8111-111111111111";
    await shop.send(lines({ event_id: header }, EVENT, CRASHED));
    const id = generation === "4.1" ? header.replaceAll("-", "") : A;
    expect(shop.emulator.snapshot().events.map(({ eventId }) => eventId)).toEqual([id]);
  });
});

describe("an envelope that is refused says why", () => {
  it.each([
    ["5.2", Buffer.alloc(0), {}, { detail: "Empty request body" }],
    ["5.2", simple, encoded("gzip"), { detail: "Empty request body" }],
    ["5.2", lines("nope"), {}, { detail: "Invalid envelope header" }],
    [
      "5.2",
      gzipSync(lines({}, withLength("event", HUGE), HUGE)),
      encoded("gzip"),
      "Decompressed size exceeded limit of 2621440 bytes",
    ],
    ["4.1", lines({}, { type: "attachment" }, "text"), {}, { detail: "Cannot parse request body" }],
    [
      "4.1",
      lines({}, "[]"),
      {},
      { detail: [{ type: "dict_type", loc: ["body", "payload", 1], msg: "Input should be a valid dictionary" }] },
    ],
  ] as const)("in %s", async (generation, body, headers, said) => {
    await using shop = await openShop(generation);
    const answer = await shop.send(body, headers);
    const text = await answer.text();
    expect(answer.headers.get("content-type")?.includes("json") ? JSON.parse(text) : text).toEqual(said);
  });
});

describe.each(["4.1", "5.1", "5.2", "6"] as const)("the store endpoint of GlitchTip %s", (generation) => {
  it("takes one event, compressed or not, once", async () => {
    await using shop = await openShop(generation);
    expect((await shop.store(bytesOf(CRASHED))).status).toBe(200);
    expect((await shop.store(gzipSync(bytesOf(BURNT)), encoded("gzip"))).status).toBe(200);
    expect((await shop.store(bytesOf(BURNT))).status).toBe(422);
    expect(shop.kept()).toEqual(["crashed", "burnt"]);
  });

  it("refuses an event without an id, with a bad one, and what is no event", async () => {
    await using shop = await openShop(generation);
    const bodies = [{ message: "x" }, { event_id: "x" }, "[]", "", { ...CRASHED, exception: "boom" }];
    const statuses = await Promise.all(bodies.map(async (body) => (await shop.store(bytesOf(body))).status));
    expect(statuses).toEqual([422, 422, 422, 422, 422]);
    expect((await shop.store(Buffer.from("nope"))).status).toBe(400);
    expect(shop.kept()).toEqual([]);
  });
});

it("browsers may send from anywhere, with the headers that SDKs use", async () => {
  await using shop = await openShop("6");
  const asked = { origin: "https://shop.example", "access-control-request-method": "POST" };
  const { status, headers } = await fetch(`${shop.emulator.url}/api/1/envelope/`, {
    method: "OPTIONS",
    headers: asked,
  });
  expect([status, headers.get("access-control-allow-origin")]).toEqual([200, "*"]);
  expect(headers.get("access-control-allow-headers")?.split(", ")).toEqual(
    expect.arrayContaining(["content-type", "x-sentry-auth", "baggage", "sentry-trace"]),
  );
  const answer = await shop.send(simple, { origin: "https://shop.example", ...typed("text/plain;charset=UTF-8") });
  expect(answer.headers.get("access-control-allow-origin")).toBe("*");
});

async function openShop(generation: Generation) {
  const emulator = await startEmulator({ generation, superuser: ADMIN, processingDelayMs: 0 });
  const key = await makeShop(asking(emulator));
  const post = (path: string, body: Buffer | ReadableStream, headers: Record<string, string>) => {
    const init = { method: "POST", body: Buffer.isBuffer(body) ? new Uint8Array(body) : body, headers, duplex: "half" };
    return fetch(`${emulator.url}/api/1/${path}/?sentry_key=${key}`, init as RequestInit);
  };
  return {
    emulator,
    send: (body: Buffer | ReadableStream, headers: Record<string, string> = {}) => post("envelope", body, headers),
    store: (body: Buffer, headers: Record<string, string> = {}) =>
      post("store", body, { ...typed("application/json"), ...headers }),
    kept: () => emulator.snapshot().events.map(({ title }) => title),
    [Symbol.asyncDispose]: () => emulator.close(),
  };
}
