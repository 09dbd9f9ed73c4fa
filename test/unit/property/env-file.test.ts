import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CodedError } from "../../../src/base/errors.ts";
import { parseEnv, setVariable } from "../../../src/workspace/env-file.ts";
import { propertyRuns } from "../../support/property-runs.ts";

const NAMES = ["COMPOSE_FILE", "FILE", "GLITCHTIP_PORT", "A"] as const;
const name = fc.constantFrom(...NAMES);
const anyText = fc.string({ unit: "grapheme", maxLength: 20 });
const tricky = fc
  .array(
    fc.constantFrom("a", "b.yaml", ":", "/", " ", "#", "=", "$A", "'", '"', "`", "\\", "\n", "\r", "\t", "ü", "A=1"),
    {
      maxLength: 8,
    },
  )
  .map((parts) => parts.join(""));
const value = fc.oneof(
  tricky,
  anyText,
  fc.constantFrom("", "8000", "compose.yaml:compose.glitchtip.yaml", "C:\\x\\y\\"),
);

/** Generates a statement of a .env file; in quotes it may hold lines that look like other statements. */
const statement = fc
  .record({
    indent: fc.constantFrom("", " ", "\t"),
    start: fc.constantFrom("", "export "),
    name,
    equals: fc.constantFrom("=", " = ", "= "),
    quote: fc.constantFrom("", "'", '"', "`"),
    body: tricky,
    comment: fc.constantFrom("", " # why", " # it's 5", "   "),
  })
  .map(({ indent, start, name: key, equals, quote, body, comment }) => {
    const bare = body.replace(/[\n\r#'"`]/g, "");
    const inside = body.replaceAll("\r", "").replaceAll(quote, "").replace(/\\+$/, "");
    return `${indent}${start}${key}${equals}${quote === "" ? bare : `${quote}${inside}${quote}`}${comment}`;
  });
const other = fc.constantFrom("", "# a comment", "#COMPOSE_FILE=x", "not a statement", "  ", "B: yaml like", "# don't");
const file = fc
  .record({ lines: fc.array(fc.oneof(statement, other), { maxLength: 8 }), ends: fc.boolean(), mixed: fc.boolean() })
  .chain(({ lines, ends, mixed }) =>
    fc
      .array(fc.constantFrom(...(mixed ? ["\n", "\r\n"] : ["\n"])), {
        minLength: lines.length,
        maxLength: lines.length,
      })
      .map((eols) => lines.map((line, i) => line + (i === lines.length - 1 && !ends ? "" : eols[i]))),
  );

/** Whether at most one piece was changed, or one line added after all of them. */
function oneEdit(pieces: readonly string[], edited: string): boolean {
  const text = pieces.join("");
  const end = text === "" || /\n$/.test(text) ? "" : "\n";
  if (edited.startsWith(text + end) || edited.startsWith(`${text}\r\n`)) return true;
  return pieces.some((_, i) => {
    const [before, after] = [pieces.slice(0, i).join(""), pieces.slice(i + 1).join("")];
    return edited.length >= before.length + after.length && edited.startsWith(before) && edited.endsWith(after);
  });
}

const tryToSet = (text: string, key: string, wanted: string): string | undefined => {
  try {
    return setVariable(text, key, wanted);
  } catch (error) {
    if (error instanceof CodedError && error.code === "GC1110") return undefined;
    throw error;
  }
};

describe("an edit of .env", () => {
  it("sets the variable, and keeps all others and every other line byte by byte", () => {
    const runs = propertyRuns(1_000);
    let written = 0;
    fc.assert(
      fc.property(file, name, value, (pieces, key, wanted) => {
        const text = pieces.join("");
        const edited = tryToSet(text, key, wanted);
        if (edited === undefined) return;
        written++;
        expect(parseEnv(edited)).toEqual({ ...parseEnv(text), [key]: wanted });
        expect(oneEdit(pieces, edited)).toBe(true);
        expect(setVariable(edited, key, wanted)).toBe(edited);
      }),
      runs,
    );
    expect(written).toBeGreaterThan(0.7 * runs.numRuns);
  });

  it("refuses only a value that no kind of quotes can hold, and does not show it", () => {
    fc.assert(
      fc.property(value, (wanted) => {
        const edited = tryToSet("A=1\n", "COMPOSE_FILE", wanted);
        if (edited === undefined) expect(wanted).toMatch(/['\r]|\\$/);
        else expect(parseEnv(edited).COMPOSE_FILE).toBe(wanted);
      }),
      propertyRuns(500),
    );
    expect(() => setVariable("", "A", `it's "${"hidden"}"`)).toThrow(
      expect.objectContaining({ code: "GC1110", message: expect.not.stringContaining("hidden") }),
    );
  });

  it.each([
    ["a line inside another value is not taken for the variable's", 'A=1\nB="\nA=5\n"\n', 'A=2\nB="\nA=5\n"\n'],
    ["line ends stay as they are", "A=1\r\nB=1\nC=1\r\n", "A=2\r\nB=1\nC=1\r\n"],
    ["a value of several lines is replaced whole", "A='x\ny' # why\nB=1\n", "A='2' # why\nB=1\n"],
  ])("%s", (_, before, after) => expect(setVariable(before, "A", "2")).toBe(after));

  it.each([
    ["my file.yaml:b.yaml", "'my file.yaml:b.yaml'"],
    ["it's.yaml", '"it\'s.yaml"'],
    ["a#b", "'a#b'"],
    ["C:\\x\\", "C:\\x\\"],
    ["$HOME", "'$HOME'"],
  ])("%s is written as %s, which Compose reads in the same way", (wanted, written) => {
    expect(setVariable("", "A", wanted)).toBe(`A=${written}\n`);
  });
});
