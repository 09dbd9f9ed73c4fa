import { describe, expect, it } from "vitest";
import { cleanLine, cleanText } from "../../../src/base/clean.ts";
import { CodedError, errorLines } from "../../../src/base/errors.ts";
import { lineLog } from "../../../src/base/log.ts";

describe("cleanLine", () => {
  it.each([
    ["colours", "\u001b[31mred\u001b[0m", "?[31mred?[0m"],
    ["a cursor that moves", "a\u001b[2J\u001b[Hb", "a?[2J?[Hb"],
    ["a window title", "a\u001b]0;title\u0007b", "a?]0;title?b"],
    ["C1 controls", "a\u0085b\u009dc", "a?b?c"],
    ["DEL and NUL", "a\u007fb\u0000c", "a?b?c"],
    ["text that runs backwards", "a\u202eb\u2066c\u200f", "a?b?c?"],
    ["line breaks", "a\r\n  b\n\nc\td", "a b c d"],
    ["Unicode's line breaks", "a\u2028b\u2029c", "a?b?c"],
    ["other alphabets and emoji", "Größe 東京 👩‍💻", "Größe 東京 👩‍💻"],
  ])("makes %s harmless", (_, text, wanted) => expect(cleanLine(text)).toBe(wanted));

  it("cuts what is too long, and says so", () => {
    expect(cleanLine("x".repeat(3_000))).toBe(`${"x".repeat(1_999)}…`);
    expect(cleanLine("abcdef", 3)).toBe("ab…");
    expect(cleanLine("abc", 3)).toBe("abc");
  });
});

it("cleanText keeps lines and tabs", () => {
  expect(cleanText("a\u001b[1m\tb\r\nc\u009b\n")).toBe("a?[1m\tb\nc?\n");
});

describe("what a hostile server says", () => {
  const hostile = "no\u001b[2J\nerror GC1001: \u202eforged";

  it("reaches a terminal through errors as one harmless line", () => {
    const error = new CodedError("GC1206", `GET /: ${hostile}`, { problems: [hostile], remedy: hostile });
    expect(errorLines(error)).toEqual([
      "error GC1206: GET /: no?[2J error GC1001: ?forged",
      "  no?[2J error GC1001: ?forged",
      "  → no?[2J error GC1001: ?forged",
    ]);
    expect(JSON.stringify(error)).not.toMatch(/u001b|\u202e/);
  });

  it("reaches a log without control characters", () => {
    let written = "";
    lineLog((line) => (written += line)).info(hostile);
    expect(written).toBe("no?[2J\nerror GC1001: ?forged\n");
  });
});
