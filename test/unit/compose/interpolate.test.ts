// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are Compose's variables
import { expect, it } from "vitest";
import { escaped, interpolate } from "../../../src/compose/interpolate.ts";

const VARIABLES = { A: "1", EMPTY: "", B: "b c" };

it.each([
  ["$A-${A}", "1-1"],
  ["$$A ${A}$$", "$A 1$"],
  ["${MISSING}|$MISSING|${MISSING?say}|${EMPTY:?say}", "|||"],
  ["${MISSING:-d}|${MISSING-d}|${EMPTY:-d}|${EMPTY-d}|${A:-d}", "d|d|d||1"],
  ["${A:+r}|${EMPTY:+r}|${EMPTY+r}|${MISSING+r}", "r||r|"],
  ["${MISSING:-${EMPTY:-${A}}}/${MISSING:-x}", "1/x"],
  ["${B}", "b c"],
  ["5$ and $1", "5$ and $1"],
])("interpolate fills in variables as Compose does: %s", (text, result) => {
  expect(interpolate(text, VARIABLES)).toBe(result);
});

it("interpolate undoes escaped", () => {
  for (const text of ["$A", "$$", "${A}", "no"]) expect(interpolate(escaped(text), VARIABLES)).toBe(text);
});
