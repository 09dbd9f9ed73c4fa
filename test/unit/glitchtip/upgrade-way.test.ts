import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  compareVersions,
  parseVersion,
  versionOfImage,
  versionText,
  wayBetween,
} from "../../../src/glitchtip/upgrade-way.ts";

const version = (text: string) => parseVersion(text) ?? { major: 0 };
const way = (from: string, to: string) => wayBetween(version(from), version(to));

describe("the way from one GlitchTip to a later one", () => {
  it.each([
    ["5.1.1", "6"],
    ["5.2.1", "6.2.6"],
    ["5.0.0", "6"],
    ["4.2.10", "5"],
    ["4.1.5", "4.2"],
    ["5.1.1", "5.2.1"],
    ["6.1.0", "6.2.6"],
    ["6", "6"],
    ["6.2.6", "6"],
  ])("is one step from %s to %s", (from, to) => {
    expect(way(from, to)).toMatchObject({ possible: true });
  });

  it.each([
    ["4.1.5", "5", ["v4.2.x"]],
    ["4.1.5", "6", ["v4.2.x", "5"]],
    ["4.2.10", "6", ["5"]],
    ["3.4", "5", ["v4.2.x"]],
  ])("from %s to %s leads over %s", (from, to, tags) => {
    const found = way(from, to);
    expect(found).toMatchObject({ possible: false, why: "stops" });
    expect(found.possible ? [] : found.stops.map((stop) => stop.tags)).toEqual(tags);
  });

  it.each([
    ["6", "5.2.1"],
    ["6.2.6", "6.1"],
    ["6.2.6", "6.2.5"],
    ["5", "5.2.1"],
  ])("never leads back: %s to %s", (from, to) => {
    expect(way(from, to)).toMatchObject({ possible: false, why: "downgrade" });
  });

  it("follows its own stops to the end, whatever the two versions", () => {
    const any = fc.record({ major: fc.integer({ min: 3, max: 6 }), minor: fc.integer({ min: 0, max: 9 }) });
    fc.assert(
      fc.property(any, any, (from, to) => {
        const found = wayBetween(from, to);
        if (found.possible || found.why === "downgrade") return;
        let at = from;
        for (const stop of [...found.stops, to]) {
          expect(wayBetween(at, stop)).toMatchObject({ possible: true });
          at = stop;
        }
      }),
    );
  });
});

describe("a version", () => {
  it.each([
    ["glitchtip/glitchtip:v5.1.1", "5.1.1"],
    ["registry.example.com:5000/glitchtip:6", "6"],
    ["glitchtip/glitchtip:6.2@sha256:00", "6.2"],
    ["glitchtip/glitchtip:6.2.6-alpine", "6.2.6"],
  ])("of %s is %s", (image, text) => {
    expect(versionText(versionOfImage(image) ?? { major: 0 })).toBe(text);
  });

  it.each(["glitchtip/glitchtip", "glitchtip/glitchtip:latest", "local:0.0.0-unknown", "x@sha256:00"])(
    "is not told by %s",
    (image) => {
      expect(versionOfImage(image)).toBeUndefined();
    },
  );

  it("without a minor number is the newest of its major", () => {
    expect(compareVersions(version("6"), version("6.9.9"))).toBe(1);
    expect(compareVersions(version("6"), version("7.0.0"))).toBe(-1);
  });
});
