import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { splitJson } from "../../../src/service/json-parts.ts";
import { propertyRuns } from "../../support/property-runs.ts";

function split(text: string, depth: number, cuts: readonly number[] = []) {
  const parts: string[] = [];
  const splitter = splitJson(depth, (part) => parts.push(part.toString("utf8")));
  const bytes = Buffer.from(text);
  const places = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).toSorted((a, b) => a - b), bytes.length];
  for (const [nth, from] of places.entries()) splitter.write(bytes.subarray(from, places[nth + 1]));
  return { parts, around: splitter.outline() };
}

describe("the parts of a JSON text", () => {
  it("are the objects and arrays at one depth", () => {
    const { parts, around } = split('{"a":[{"b":"}"}, [1,[2]], 3], "c":{"d":"\\"{"}}', 3);
    expect(parts).toEqual(['{"b":"}"}', "[1,[2]]"]);
    expect(around).toBe('{"a":[{"part":0}, {"part":1}, 3], "c":{"d":"\\"{"}}');
  });

  it("make the same value again, wherever the text is cut into chunks", () => {
    fc.assert(
      fc.property(
        fc.json({ maxDepth: 6, noUnicodeString: false }),
        fc.integer({ min: 1, max: 5 }),
        fc.array(fc.nat(), { maxLength: 6 }),
        (text, depth, cuts) => {
          const { parts, around } = split(text, depth, cuts);
          const filled = around.replaceAll(/\{"part":(\d+)\}/g, (own, nth) => parts[nth] ?? own);
          expect(JSON.parse(filled)).toEqual(JSON.parse(text));
        },
      ),
      propertyRuns(500),
    );
  });

  it.each(['{"a":[{"b":1}', '{"a":[{"b":1}]}}', '{"a":[{"b":1]}]}', "]]{", '{"a":[{"b":1}]} {}', '"', ""])(
    "of what is no JSON (%j) are not all JSON",
    (text) => {
      const { parts, around } = split(text, 3);
      expect(() => [...parts, around].map((one) => JSON.parse(one))).toThrow(SyntaxError);
    },
  );
});
