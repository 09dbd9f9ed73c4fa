import { describe, expect, it } from "vitest";
import { ago, confirmed, mismatchText, paintFor, withProgress } from "../../../src/cli/screen.ts";
import { table } from "../../../src/cli/table.ts";

const signal = new AbortController().signal;

describe("a table", () => {
  it("has columns as wide as their widest cell, and no blanks at the ends", () => {
    expect(
      table([
        ["APP", "PROJECT", "VIA"],
        ["api", "shop-api", "curl"],
        ["grüße", "-", "-"],
      ]),
    ).toBe(["APP    PROJECT   VIA", "api    shop-api  curl", "grüße  -         -"].join("\n"));
  });

  it.each([
    ["Chinese", "接口", 4],
    ["an emoji of several code points", "👩‍💻", 2],
    ["a combining accent", "e\u0301", 1],
  ])("gives a cell in %s the columns that it takes on a terminal", (_, cell, columns) => {
    const [first, second] = table([
      [cell, "x"],
      ["12345", "y"],
    ]).split("\n");
    expect([first, second]).toEqual([`${cell}${" ".repeat(5 - columns)}  x`, "12345  y"]);
  });

  it("breaks a last cell that is wider than the terminal at blanks, below itself", () => {
    const rows = [
      ["data", "57 GiB"],
      ["postgres", "shared_buffers=512MB work_mem=16MB"],
    ];
    expect(table(rows, 36)).toBe("data      57 GiB\npostgres  shared_buffers=512MB\n          work_mem=16MB");
    expect(table(rows)).toBe("data      57 GiB\npostgres  shared_buffers=512MB work_mem=16MB");
  });

  it("is not put out of line by colours", () => {
    const paint = paintFor({ env: {}, json: false }, true);
    const lines = table([
      [paint("bad", "no"), "x"],
      ["fine", "y"],
    ]).split("\n");
    expect(lines.map((line) => line.replace(/\u001b\[\d+m/g, ""))).toEqual(["no    x", "fine  y"]);
  });
});

describe("colours", () => {
  it("are for a terminal", () => {
    expect(paintFor({ env: {}, json: false }, true)("good", "ok")).toBe("\u001b[32mok\u001b[0m");
  });

  it.each([
    ["no terminal", { env: {}, json: false }, false],
    ["NO_COLOR", { env: { NO_COLOR: "yes" }, json: false }, true],
    ["TERM=dumb", { env: { TERM: "dumb" }, json: false }, true],
    ["--json", { env: {}, json: true }, true],
  ])("are left out with %s", (_, context, terminal) => {
    expect(paintFor(context, terminal)("good", "ok")).toBe("ok");
  });
});

describe("times for a person", () => {
  it.each([
    [0, "0 s"],
    [99_000, "99 s"],
    [150_000, "3 min"],
    [3 * 3_600_000, "3 h"],
    [72 * 3_600_000, "3 d"],
    [-5_000, "0 s"],
  ])("%i ms are %s", (ms, text) => expect(ago(0, ms)).toBe(text));
});

describe("without a terminal", () => {
  it("a question is an error that names the flag which answers it", async () => {
    await expect(confirmed({ interactive: false, signal }, "Remove it?", "--yes")).rejects.toMatchObject({
      code: "GC1002",
      remedy: "To say yes: --yes",
    });
  });

  it("progress is a line, and the work's result or error comes through", async () => {
    const lines: string[] = [];
    const log = { info() {}, warn() {}, debug() {}, step: (text: string) => lines.push(text) };
    const context = { log, json: true, signal };
    const result = await withProgress(context, "stopping", async ({ say }) => {
      say("api removed");
      return 7;
    });
    expect(result).toBe(7);
    expect(lines).toEqual(["stopping", "api removed"]);
    await expect(withProgress(context, "x", () => Promise.reject(new Error("no")))).rejects.toThrow("no");
  });
});

it.each([
  ["", "Nothing was typed: run the command again and type shop, or add --confirm shop."],
  ["shpo", '"shpo" does not match: run the command again and type shop, or add --confirm shop.'],
])("the answer %j to a question for a name says what to type", (answer, text) => {
  expect(mismatchText(answer, "shop", "--confirm shop")).toBe(text);
});
