import { describe, expect, it } from "vitest";
import { parseEnv, setVariable } from "../../../src/workspace/env-file.ts";

describe("a variable in .env", () => {
  it.each([
    ["", "A=2\n"],
    ["B=1\n", "B=1\nA=2\n"],
    ["B=1", "B=1\nA=2\n"],
    ["A=1\n", "A=2\n"],
    ["# A=0\n\nexport A = '1' # why\nB=3\n", "# A=0\n\nexport A = '2' # why\nB=3\n"],
    ['A="1"\nA=1\n', 'A="1"\nA=2\n'],
    ["A=\nB=1\n", "A=2\nB=1\n"],
    ["B=1\r\nA=1\r\n", "B=1\r\nA=2\r\n"],
    ["AA=1\n", "AA=1\nA=2\n"],
    ["A=2 # same\n", "A=2 # same\n"],
  ])("is set in %j without touching anything else", (before, after) => {
    expect(setVariable(before, "A", "2")).toBe(after);
    expect(parseEnv(after).A).toBe("2");
  });
});
