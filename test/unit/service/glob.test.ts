import { expect, it } from "vitest";
import { matchesGlob } from "../../../src/service/glob.ts";

it.each([
  ["prod", "prod", true],
  ["prod", "*", true],
  ["", "*", true],
  ["", "?", false],
  ["prod-1", "prod-*", true],
  ["prod", "prod-*", false],
  ["my-prod-eu", "*prod*", true],
  ["prod-eu-1", "prod-*-?", true],
  ["prod-eu-12", "prod-*-?", false],
  ["a+b", "a+b", true],
  ["aab", "a+b", false],
  ["a.b", "a?b", true],
  ["aaaaaaaaaaaaaaaaaaaaaaaaaaaaaac", "*a*a*a*a*a*a*a*a*b", false],
])("%s and the glob %s: %s", (name, glob, expected) => {
  expect(matchesGlob(name, glob)).toBe(expected);
});
