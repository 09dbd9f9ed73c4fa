// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are Compose's variables
import { describe, expect, it } from "vitest";
import { hasVariable, shellWords } from "../../../src/compose/shell-words.ts";

describe("shellWords splits a text as Compose does", () => {
  it.each([
    ["node server.js", ["node", "server.js"]],
    ["  node\t--flag \n server.js ", ["node", "--flag", "server.js"]],
    [`sh -c 'echo "hi"; exit'`, ["sh", "-c", 'echo "hi"; exit']],
    [`"a b"c 'd'"e"`, ["a bc", "de"]],
    [`a\\ b "c\\"d" "e\\$f" 'g\\h'`, ["a b", 'c"d', "e$f", "g\\h"]],
    [`x '' ""`, ["x", "", ""]],
    ["", []],
    ["sh -c 'echo $$HOME'", ["sh", "-c", "echo $$HOME"]],
  ])("%j", (text, words) => {
    expect(shellWords(text)).toEqual(words);
  });

  it.each(["'open", '"open', "end\\", "a; b", "a && b", "a | b", "a > b", "`a`", "$(a)", "a\\tb", "a\\nb"])(
    "is not split where Compose might do it in another way: %j",
    (text) => {
      expect(shellWords(text)).toBeUndefined();
    },
  );
});

it("hasVariable finds the variables that Compose fills in before it splits", () => {
  expect(["$CMD", "x ${CMD:-y z}", "a$$b", "cost: 5$", "$$$X"].map(hasVariable)).toEqual([
    true,
    true,
    false,
    false,
    true,
  ]);
});
