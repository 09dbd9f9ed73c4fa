import { describe, expect, it } from "vitest";
import { CodedError, ERROR_CODES, type ErrorCode, errorLines, hasErrno } from "../../../src/base/errors.ts";

const codes = Object.keys(ERROR_CODES) as ErrorCode[];

describe("the table of codes", () => {
  it("has a title for each: lower case, one line, no full stop", () => {
    for (const code of codes)
      expect(`${code} ${ERROR_CODES[code]}`).toMatch(/^GC[12]\d{3} [a-z][^\n]*[^.\n]$|^GC1601 no Docker/);
  });

  it("is sorted, and has no title twice", () => {
    expect(codes).toEqual([...codes].sort());
    expect(new Set(Object.values(ERROR_CODES)).size).toBe(codes.length);
  });
});

describe("an exit code", () => {
  it.each<[ErrorCode, number]>([
    ["GC1001", 2],
    ["GC1002", 2],
    ["GC1003", 130],
    ["GC1101", 2],
    ["GC1102", 2],
    ["GC1104", 2],
    ["GC1106", 2],
    ["GC1108", 1],
    ["GC1203", 4],
    ["GC1301", 1],
    ["GC1406", 1],
    ["GC1502", 1],
    ["GC1901", 1],
  ])("of %s is %d", (code, exitCode) => expect(new CodedError(code, "").exitCode).toBe(exitCode));
});

describe("a coded error", () => {
  it("keeps its cause", () => {
    const cause = new Error("ECONNREFUSED");
    expect(new CodedError("GC1201", "nothing answers", { cause }).cause).toBe(cause);
  });

  it("has no cause property without a cause", () => {
    expect(Object.hasOwn(new CodedError("GC1201", "x"), "cause")).toBe(false);
  });

  it("is JSON of code and message, with remedy and problems where they are given", () => {
    expect(JSON.parse(JSON.stringify(new CodedError("GC1205", "it failed", { cause: new Error("secret") })))).toEqual({
      code: "GC1205",
      message: "it failed",
    });
    const full = new CodedError("GC1101", "it has mistakes", { remedy: "Mend them.", problems: ["1:2 x"] });
    expect(JSON.parse(JSON.stringify(full))).toEqual({
      code: "GC1101",
      message: "it has mistakes",
      remedy: "Mend them.",
      problems: ["1:2 x"],
    });
  });
});

describe("hasErrno", () => {
  const errno = (code: string, cause?: unknown) => Object.assign(new Error(code, { cause }), { code });

  it("finds a code on the error or on one of its causes", () => {
    expect(hasErrno(errno("ENOENT"), "ENOENT", "ENOTDIR")).toBe(true);
    expect(hasErrno(new CodedError("GC1501", "x", { cause: errno("EROFS") }), "EROFS")).toBe(true);
    expect(hasErrno(errno("EACCES"), "ENOENT")).toBe(false);
  });

  it("is false for a value that is no error, and ends on a cycle of causes", () => {
    expect(hasErrno("ENOENT", "ENOENT")).toBe(false);
    expect(hasErrno(undefined, "ENOENT")).toBe(false);
    const circle = new Error("round");
    circle.cause = circle;
    expect(hasErrno(circle, "ENOENT")).toBe(false);
  });
});

it("a mistake of the program's own says where to report it, and with what", () => {
  expect(errorLines(new TypeError("x is undefined")).join("\n")).toMatch(
    /^error GC1901: a mistake in glitchtip-compose itself\n[\s\S]*→ Please report it.*glitchtip-compose doctor --bundle/,
  );
});
