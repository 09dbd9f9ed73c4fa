import { parse } from "dotenv";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { dotenvBlockValue, withDotenvBlock, withoutDotenvBlock } from "../../../src/outputs/dotenv-block.ts";
import { propertyRuns } from "../../support/property-runs.ts";

const LINES = "SENTRY_DSN='http://key@127.0.0.1:8000/1'\nSENTRY_ENVIRONMENT='dev'\n";
const TEXTS = [
  "",
  "A=1\n",
  "A=1",
  "A=1\r\nB=2\r\n",
  "A=1\r\nB=2",
  "# glitchtip-compose: mine\nA=1\n\n",
  "SENTRY_DSN=own\n",
];

describe("an app's lines in a dotenv file", () => {
  it.each(TEXTS)("stand at its end, win, and leave %j byte for byte when they are taken out", (text) => {
    const edited = withDotenvBlock(text, "dev", LINES);
    expect(edited.startsWith(text)).toBe(true);
    expect(parse(edited)).toMatchObject({ SENTRY_DSN: "http://key@127.0.0.1:8000/1", SENTRY_ENVIRONMENT: "dev" });
    expect(dotenvBlockValue(edited, "dev", "SENTRY_DSN")).toBe("http://key@127.0.0.1:8000/1");
    expect(withDotenvBlock(edited, "dev", LINES)).toBe(edited);
    expect(withoutDotenvBlock(edited, "dev")).toBe(text);
  });

  it("are replaced where they stand, and those of another app stay", () => {
    const both = withDotenvBlock(withDotenvBlock("A=1\n", "dev", "X='1'\n"), "dev.b", "Y='2'\n");
    const edited = `${withDotenvBlock(both, "dev", "X='3'\n")}B=2\n`;
    expect(parse(edited)).toEqual({ A: "1", X: "3", Y: "2", B: "2" });
    expect(withoutDotenvBlock(withoutDotenvBlock(edited, "dev"), "dev.b")).toBe("A=1\nB=2\n");
  });

  it("are found where the last comment is gone", () => {
    const edited = withDotenvBlock("A=1\n", "dev", LINES).replace(/# glitchtip-compose: end.*\n/, "");
    expect(withoutDotenvBlock(edited, "dev")).toBe("A=1\n");
  });

  it("leave any text as it was", () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom("A", "=", "#", "'", "\n", "\r\n", " ") }), (text) => {
        expect(withoutDotenvBlock(withDotenvBlock(text, "dev", LINES), "dev")).toBe(text);
      }),
      propertyRuns(500),
    );
  });
});
