import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { organizationSlug, projectSlug } from "../../../src/emulator/slugs.ts";
import { slugify } from "../../../src/glitchtip/wire/slugify.ts";

const taken =
  (...slugs: string[]) =>
  (slug: string) =>
    slugs.includes(slug);

describe("the slug of a project", () => {
  it.each([
    ["Shop", [], "shop"],
    ["Shop", ["shop", "shop-2"], "shop-3"],
    ["new", [], "new-1"],
    ["商店", [], "-2"],
    ["", ["-2"], "-3"],
    ["Café Müller", [], "cafe-muller"],
    ["a".repeat(64), [], "a".repeat(50)],
    ["a".repeat(64), ["a".repeat(50)], `${"a".repeat(48)}-2`],
  ])("of %j beside %j is %j", (name, others, slug) => {
    expect(projectSlug(name, taken(...others))).toBe(slug);
  });
});

describe("the slug of an organization", () => {
  it.each([
    ["Acme", [], /^acme$/],
    ["Acme", ["acme"], /^acme-[a-z0-9]{2}$/],
    ["login", [], /^login-1$/],
    ["错误追踪", [], /^-[a-z0-9]{2}$/],
    ["  Café  Müller & Søn  ", [], /^cafe-muller-sn$/],
  ])("of %j beside %j is like %s", (name, others, slug) => {
    expect(organizationSlug(name, taken(...others))).toMatch(slug);
  });
});

describe("slugify", () => {
  it("returns a valid path segment and does not change it again", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), (name) => {
        const slug = slugify(name);
        expect(slug).toMatch(/^[a-z0-9_-]*$/);
        expect(slugify(slug)).toBe(slug);
      }),
    );
  });
});
