import { describe, expect, it } from "vitest";
import { commandForSynonym, firstPage } from "../../../src/cli/help.ts";
import { COMMANDS } from "../../../src/cli/registry/index.ts";

const NAMES = new Set(COMMANDS.flatMap(({ name, aliases = [] }) => [name, ...aliases]));

describe("words of other tools", () => {
  it.each(["start", "stop", "exec", "ps", "config", "undo", "remove-all", "rm", "constructor", "nonsense"])(
    "%s",
    (word) => {
      const line = commandForSynonym(word);
      if (word === "constructor" || word === "nonsense") return expect(line).toBeUndefined();
      const named = [...(line ?? "").matchAll(/glitchtip-compose ([a-z-]+)/g)].map(([, name]) => name ?? "");
      expect(named.length).toBeGreaterThan(0);
      expect(named.filter((name) => !NAMES.has(name))).toEqual([]);
      expect(NAMES.has(word)).toBe(false);
    },
  );
});

it("the first page names commands that exist", () => {
  const named = [...firstPage().matchAll(/^ {2}([a-z]+) {2,}/gm)].map(([, name]) => name ?? "");
  expect(named).toEqual(["init", "up", "verify", "status", "doctor", "add", "uninstall"]);
  expect(named.filter((name) => !NAMES.has(name))).toEqual([]);
});
