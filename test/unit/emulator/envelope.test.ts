import { describe, expect, it } from "vitest";
import { parseEnvelope } from "../../../src/emulator/envelope.ts";

const world = { has: () => false };
const parse = (...lines: (object | string)[]) => {
  const text = lines.map((line) => (typeof line === "string" ? line : JSON.stringify(line))).join("\n");
  return parseEnvelope({ bytes: Buffer.from(text), end: "whole" }, world);
};

describe("an envelope", () => {
  it("has an id and items", () => {
    expect(parse({ event_id: "11111111-1111-4111-8111-111111111111" }, { type: "event" }, { message: "x" })).toEqual({
      eventId: "11111111111141118111111111111111",
      items: [{ type: "event", payload: { message: "x" } }],
    });
  });

  it("may consist of the header alone, which stores nothing", () => {
    expect(parse({})).toEqual({ eventId: undefined, items: [] });
  });

  it("takes the length of an item in bytes", () => {
    const payload = JSON.stringify({ message: "ü\n" });
    const items = parse(
      {},
      { type: "event", length: Buffer.byteLength(payload) },
      payload,
      { type: "session" },
      {},
    ).items;
    expect(items.map((item) => item.type)).toEqual(["event", "session"]);
  });

  it("ends at an item that is shorter than its length", () => {
    expect(parse({}, { type: "event", length: 1000 }, {}).items).toEqual([]);
  });

  it.each(["not an envelope", '{"event_id":"nonsense"}', '{"sent_at":"never"}', '{"sdk":{"name":"without version"}}'])(
    "is refused if it starts with %s",
    (line) => {
      expect(parse(line)).toEqual({ eventId: undefined, items: [], refused: "header" });
    },
  );
});
