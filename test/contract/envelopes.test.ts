import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Generation, startEmulator } from "../../src/emulator/index.ts";
import { asking, makeShop } from "./asking.ts";
import {
  A,
  BURNT,
  bytesOf,
  CASES,
  CRASHED,
  EVENT,
  encoded,
  HUGE,
  lines,
  SIMPLE,
  typed,
  withLength,
} from "./envelope-cases.ts";
import { ADMIN } from "./player.ts";

const GENERATIONS = ["4.1", "5.1", "5.2", "6"] as const;
const TWO_DAYS_MS = 172_800_000;

type Shop = Awaited<ReturnType<typeof openShop>>;

describe.each(GENERATIONS)("GlitchTip %s", (generation) => {
  let shop: Shop;
  beforeAll(async () => {
    shop = await openShop(generation);
  });
  afterAll(() => shop.close());

  describe("sent an envelope with", () => {
    it.each(CASES)("$name", async ({ body, headers, answers }) => {
      const [status, ...kept] = answers[generation];
      const answer = await shop.send(body, headers);
      expect({ status: answer.status, kept: answer.kept.map(({ title }) => title) }).toEqual({ status, kept });
    });

    it("no content type, in chunks, like those of @sentry/node", async () => {
      // fetch sends a stream in chunks and without a content type.
      const { status, kept } = await shop.send(new Blob([SIMPLE]).stream());
      expect([status, kept.length]).toEqual([200, 1]);
    });

    it("different ids in its header and its event", async () => {
      const header = "11111111-1111-4111-8111-111111111111";
      const { kept } = await shop.send(lines({ event_id: header }, EVENT, CRASHED));
      expect(kept.map(({ eventId }) => eventId)).toEqual([generation === "4.1" ? header.replaceAll("-", "") : A]);
    });
  });

  it.each([1_795_251_600.25, "2026-11-21T09:00:00.250000Z", "2026-11-21T09:00:00.25"])(
    "tells that an event of %j happened then",
    async (timestamp) => {
      const { kept } = await shop.send(lines({}, EVENT, { message: "a", timestamp }));
      const { body } = await shop.ask("GET", `/api/0/projects/acme/shop/events/${kept[0]?.eventId}/`);
      expect(body).toMatchObject({ dateCreated: "2026-11-21T09:00:00.250Z" });
    },
  );

  it("accepts one event at the store endpoint, compressed or not", async () => {
    expect(await shop.store(bytesOf(CRASHED))).toMatchObject({ status: 200, kept: [{ title: "crashed" }] });
    expect(await shop.store(gzipSync(bytesOf(BURNT)), encoded("gzip"))).toMatchObject({ kept: [{ title: "burnt" }] });
  });

  it.each([[{ message: "x" }], [{ event_id: "x" }], ["[]"], [""], [{ ...CRASHED, exception: "boom" }]])(
    "refuses %j at the store endpoint",
    async (body) => {
      expect(await shop.store(bytesOf(body))).toMatchObject({ status: 422, kept: [] });
    },
  );
});

describe("the refusal of an envelope states the reason", () => {
  const TOO_BIG = "Decompressed size exceeded limit of 2621440 bytes";
  const NO_OBJECT = { type: "dict_type", loc: ["body", "payload", 1], msg: "Input should be a valid dictionary" };
  const hugeWithLength = gzipSync(lines({}, withLength("event", HUGE), HUGE));
  it.each([
    ["5.2", "an empty body", Buffer.alloc(0), {}, { detail: "Empty request body" }],
    ["5.2", "a broken one", SIMPLE, encoded("gzip"), { detail: "Empty request body" }],
    ["5.2", "no header", lines("nope"), {}, { detail: "Invalid envelope header" }],
    ["5.2", "too big an event", hugeWithLength, encoded("gzip"), TOO_BIG],
    ["4.1", "a text", lines({}, { type: "attachment" }, "text"), {}, { detail: "Cannot parse request body" }],
    ["4.1", "no object", lines({}, "[]"), {}, { detail: [NO_OBJECT] }],
  ] as const)("in %s: %s", async (generation, _, body, headers, said) => {
    const shop = await openShop(generation);
    const { text } = await shop.send(body, headers);
    await shop.close();
    expect(text).toBe(typeof said === "string" ? said : JSON.stringify(said));
  });
});

it("allows browsers to send from any origin, with the headers of the SDKs", async () => {
  const shop = await openShop("6");
  const asked = { origin: "https://shop.example", "access-control-request-method": "POST" };
  const { status, headers } = await fetch(`${shop.url}/api/1/envelope/`, { method: "OPTIONS", headers: asked });
  const sent = await shop.send(SIMPLE, { origin: "https://shop.example", ...typed("text/plain;charset=UTF-8") });
  await shop.close();
  expect([status, headers.get("access-control-allow-origin")]).toEqual([200, "*"]);
  const allowed = headers.get("access-control-allow-headers")?.split(", ");
  expect(allowed).toEqual(expect.arrayContaining(["content-type", "x-sentry-auth", "baggage", "sentry-trace"]));
  expect(sent.headers.get("access-control-allow-origin")).toBe("*");
});

/** Starts a server with a project. Before each request it forgets the seen event ids; each answer has the events that were added. */
async function openShop(generation: Generation) {
  const emulator = await startEmulator({ generation, superuser: ADMIN, processingDelayMs: 0 });
  const ask = asking(emulator);
  const key = await makeShop(ask);
  const post = async (path: string, body: Buffer | ReadableStream, headers: Record<string, string>) => {
    emulator.advance(TWO_DAYS_MS);
    const before = emulator.snapshot().events.length;
    const url = `${emulator.url}/api/1/${path}/?sentry_key=${key}`;
    const content = Buffer.isBuffer(body) ? new Uint8Array(body) : body;
    const init = { method: "POST", body: content, headers, duplex: "half" };
    const answer = await fetch(url, init as RequestInit);
    const kept = emulator.snapshot().events.slice(before);
    return { status: answer.status, headers: answer.headers, text: await answer.text(), kept };
  };
  return {
    url: emulator.url,
    ask,
    close: () => emulator.close(),
    send: (body: Buffer | ReadableStream, headers: Record<string, string> = {}) => post("envelope", body, headers),
    store: (body: Buffer, headers: Record<string, string> = {}) =>
      post("store", body, { ...typed("application/json"), ...headers }),
  };
}
