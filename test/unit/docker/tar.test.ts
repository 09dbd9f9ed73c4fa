import { describe, expect, it } from "vitest";
import { firstFileOf } from "../../../src/docker/tar.ts";

const BLOCK = 512;

/** One entry: a header and its padded content. */
function entry(name: string, content: string, type = "0"): Buffer {
  const header = Buffer.alloc(BLOCK);
  header.write(name, 0);
  header.write(`${Buffer.byteLength(content).toString(8).padStart(11, "0")}\0`, 124);
  header.write(type, 156);
  const padded = Buffer.alloc(Math.ceil(Buffer.byteLength(content) / BLOCK) * BLOCK);
  padded.write(content);
  return Buffer.concat([header, padded]);
}

const END = Buffer.alloc(2 * BLOCK);

describe("a file from the engine's archive", () => {
  it("is read to its last byte", () => {
    const content = `export SENTRY_DSN='http://ü@host/1'\n${"x".repeat(700)}`;
    expect(firstFileOf(Buffer.concat([entry("api.env", content), END]))).toBe(content);
  });

  it("is found behind an extended header", () => {
    const archive = Buffer.concat([entry("pax", "30 mtime=1.5\n", "x"), entry("status.json", "{}"), END]);
    expect(firstFileOf(archive)).toBe("{}");
  });

  it("may be empty", () => {
    expect(firstFileOf(Buffer.concat([entry("empty", ""), END]))).toBe("");
  });

  it.each([
    ["an empty archive", END],
    ["nothing", Buffer.alloc(0)],
    ["a folder", Buffer.concat([entry("glitchtip/", "", "5"), END])],
  ])("is none in %s", (_, archive) => {
    expect(firstFileOf(archive)).toBeUndefined();
  });
});
