import { expect, it } from "vitest";
import { didYouMean } from "../../../src/base/did-you-mean.ts";

it.each([
  ["topologie", ["topology", "valkey"], '; did you mean "topology"?'],
  ["shpo", ["shop"], '; did you mean "shop"?'],
  ["API", ["api", "app"], '; did you mean "api"?'],
  ["worker", ["web", "api"], ""],
  ["a", ["b"], ""],
  ["x", [], ""],
])("%s among %j%s", (name, candidates, suggestion) => {
  expect(didYouMean(name, candidates)).toBe(suggestion);
});
