import { expect, it } from "vitest";
import { wrapped } from "../../../src/cli/wrap.ts";

const WARNING = `warning: api gets backups with the build context ".". Add to .dockerignore: backups; or keep them elsewhere.`;

it("long lines are broken at blanks, and what follows is indented", () => {
  expect(wrapped(WARNING, 60).split("\n")).toEqual([
    `warning: api gets backups with the build context ".". Add to`,
    "  .dockerignore: backups; or keep them elsewhere.",
  ]);
  expect(wrapped(`      → ${"word ".repeat(12).trim()}`, 40).split("\n")[1]).toMatch(/^ {8}word/);
});

it("what follows the word of a finding stands below its text", () => {
  const [, second] = wrapped(`ok    ${WARNING}`, 60, 6).split("\n");
  expect(second).toMatch(/^ {6}\S/);
});

it("short lines, pipes and very narrow terminals stay as they are", () => {
  expect(wrapped("a  b\n\n  c", 80)).toBe("a  b\n\n  c");
  for (const columns of [undefined, 20]) expect(wrapped(WARNING, columns)).toBe(WARNING);
});

it("a command line stays whole, so that it can be copied", () => {
  const command = "npx glitchtip-compose restore backups/glitchtip-20261121-031500Z --confirm shop";
  expect(wrapped(`a restore was interrupted: ${command}, or restore --abort`, 60).split("\n")).toEqual([
    "a restore was interrupted:",
    `  ${command},`,
    "  or restore --abort",
  ]);
});

it("colours take no room", () => {
  const line = "\u001b[31mFAIL\u001b[0m  engine: nothing answers here";
  expect(wrapped(line, 44)).toBe(line);
  expect(wrapped(`${line} and there, as far as one looks`, 44).split("\n")[0]).toMatch(/ {2}engine: nothing/);
});
