import { existsSync, mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative, resolve } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { isContainedPath, makeParentBelow } from "../../../src/base/contained-path.ts";

const part = fc.oneof(
  fc.constantFrom("..", ".", "", "a", "..a", " ", "\n", "\r", "\u2028", "\u202e", "\0", "\\", "C:", "~", "a\n", "-"),
  fc.string({ unit: "binary", maxLength: 4 }),
);
const paths = fc.oneof(
  fc.array(part, { maxLength: 6 }).map((parts) => parts.join("/")),
  fc.string({ unit: "binary" }),
);

describe("a contained path", () => {
  it("resolves to a place inside whatever folder it is joined to, and is one line", () => {
    fc.assert(
      fc.property(paths, fc.constantFrom("/", "/srv/shop", "relative"), (path, root) => {
        if (!isContainedPath(path)) return;
        const found = relative(resolve(root), resolve(root, path));
        expect(found).toBe(path);
        expect(found.startsWith("..") && found.split("/")[0] === "..").toBe(false);
        expect(path).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\\]/);
      }),
      { numRuns: 2_000 },
    );
  });

  it.each([
    "project/a\n/../../../../../pwned-by-s3",
    "a\n/../b",
    "../a",
    "a/../b",
    "./a",
    "a/",
    "a//b",
    "/etc/passwd",
    "a\\..\\b",
    "C:/a",
    "a\0b",
    "a\u0085b",
    "a\u202eb",
    ".",
    "..",
    "",
  ])("refuses %j", (path) => {
    expect(isContainedPath(path)).toBe(false);
  });

  it.each(["a", ".env", "..a/b..", ".glitchtip/with-dsn", "compose.prod.yaml", "a b/ü"])("accepts %j", (path) => {
    expect(isContainedPath(path)).toBe(true);
  });
});

describe("a folder that is made below a root", () => {
  let dir: string;
  beforeEach(() => {
    dir = realpathSync(mkdtempSync(join(tmpdir(), "below-")));
    for (const name of ["root", "outside"]) mkdirSync(join(dir, name));
  });
  afterEach(() => rmSync(dir, { recursive: true, force: true }));

  it("follows a link that stays inside, and refuses one that leads out before it makes anything there", () => {
    mkdirSync(join(dir, "root/real"));
    symlinkSync("real", join(dir, "root/inside"));
    symlinkSync("../outside", join(dir, "root/out"));
    expect(makeParentBelow(join(dir, "root"), "inside/deep/file")).toBe(join(dir, "root/real/deep/file"));
    expect(() => makeParentBelow(join(dir, "root"), "out/deep/file")).toThrow(
      expect.objectContaining({ code: "GC1501", message: expect.stringContaining("leads out of") }),
    );
    expect(readdirSync(join(dir, "outside"))).toEqual([]);
  });

  it("refuses a path that is not contained", () => {
    expect(() => makeParentBelow(join(dir, "root"), "a\n/../../evil")).toThrow(
      expect.objectContaining({ code: "GC1501" }),
    );
    expect(existsSync(join(dir, "root/a\n"))).toBe(false);
  });
});
