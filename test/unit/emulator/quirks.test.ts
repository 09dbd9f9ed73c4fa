import { existsSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { QUIRKS, type Quirk } from "../../../src/emulator/quirks.ts";

const SCENARIOS = new URL("../../contract/scenarios/", import.meta.url);

describe("the table of quirks", () => {
  it.each(Object.entries(QUIRKS).filter(([, quirk]) => !["read", "run"].includes(quirk.proof)))(
    "%s names a recorded step",
    (_, quirk) => {
      const [scenario = "", ...step] = quirk.proof.split(": ");
      const file = new URL(`${scenario}.yaml`, SCENARIOS);
      expect(existsSync(file)).toBe(true);
      expect(readFileSync(file, "utf8")).toContain(step.join(": "));
    },
  );

  it("names no recording for a quirk that only 6 has", () => {
    const onlyIn6 = Object.values<Quirk>(QUIRKS).filter(({ since }) => since === "6");
    expect(onlyIn6.map(({ proof }) => proof)).toEqual(onlyIn6.map(() => "read"));
  });
});
