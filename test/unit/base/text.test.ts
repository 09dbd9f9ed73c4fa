import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { textIfThere } from "../../../src/base/text.ts";
import { planParts } from "../../../src/workspace/plan-parts.ts";

describe("a long text in pieces", () => {
  let dir: string;
  const file = (name: string) => join(dir, name);
  const LINES = Array.from({ length: 20_000 }, (_, i) => `# ${"ß€𝄞"[i % 4] ?? "a"} ${i}\n`);

  beforeAll(() => {
    dir = mkdtempSync(join(tmpdir(), "glitchtip-compose-text-"));
  });
  afterAll(() => rmSync(dir, { recursive: true }));

  it.each([
    ["ends in a line", LINES.join("")],
    ["ends within a line", `${LINES.join("")}end`],
    ["is one line", "€".repeat(100_000)],
    ["is empty", ""],
    ["is not quite UTF-8 at its end", Buffer.from([0x61, 0x0a, 0xe2, 0x82])],
  ])("is the same as the whole one, and each piece ends with a line, where it %s", (_, content) => {
    writeFileSync(file("text"), content);
    const text = textIfThere(file("text"));
    const pieces = [...(text?.pieces() ?? [])];
    expect(pieces.join("")).toBe(text?.whole());
    expect(pieces.slice(0, -1).every((piece) => piece.endsWith("\n"))).toBe(true);
  });

  it("is none where there is no file, and a failure with its path where it cannot be read", () => {
    mkdirSync(file("folder"));
    expect(textIfThere(file("none"))).toBeUndefined();
    expect(() => textIfThere(file("folder"))).toThrow(expect.objectContaining({ code: "GC1501" }));
  });

  it("of a declaration's parts shows what stands before, between and behind its projects", () => {
    const projects = Array.from({ length: 10_000 }, (_, i) => `  project-${i}:\n\n# comment\n`).join("");
    const server = "server:\n  url: https://a.example\n";
    const parts = (text: string) => {
      writeFileSync(file("glitchtip.yaml"), text);
      return planParts(dir);
    };
    const inside = `${server}projects:\n${projects}organization: Acme\n`;
    expect(parts(inside)).toEqual({ files: false, server: true });
    expect(parts(`${inside}apps:\n  api: {project: project-1}\n`)).toEqual({ files: true, server: true });
    expect(parts(`projects:\n${projects}${server}organizations: {a: }\nservers:\n  b:\n${projects}`)).toEqual({
      files: false,
      server: true,
    });
    expect(parts(`organization: Acme\nprojects:\n${projects}`)).toEqual({ files: true, server: true });
  });
});
