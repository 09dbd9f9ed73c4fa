import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Command } from "commander";
import { expect, it } from "vitest";
import type { CliCommand } from "../../../src/cli/command.ts";
import { topicHelp } from "../../../src/cli/help.ts";
import { COMMANDS } from "../../../src/cli/registry/index.ts";
import { packageAssets } from "../../../src/workspace/index.ts";
import { wordsOf } from "../../support/documented-lines.ts";

const root = join(import.meta.dirname, "../../..");
const pages = ["README.md", ...readdirSync(join(root, "docs")).map((name) => `docs/${name}`)].filter(
  // Compose calls the provider's commands itself.
  (name) => name.endsWith(".md") && name !== "docs/compose-provider.md",
);

/** The command lines of a page: those of its shell blocks, and those in its text. */
function commandLines(text: string): string[] {
  const blocks = [...text.matchAll(/```sh\n([\s\S]*?)```/g)].flatMap(([, block = ""]) =>
    block.replaceAll("\\\n", " ").split("\n"),
  );
  const inText = [...text.replaceAll(/```[\s\S]*?```/g, "").matchAll(/`([^`]+)`/g)].map(([, words = ""]) => words);
  return [...blocks, ...inText].flatMap((line) =>
    [...line.matchAll(/(?:^|\s|\()(?:npx )?glitchtip-compose ((?:[^#|;&)>]|>=)+)/g)].map(([, words = ""]) =>
      words.trim(),
    ),
  );
}

const loaded = new Map(
  await Promise.all(
    COMMANDS.map(async ({ name, aliases = [], passThrough, load }) => {
      const { actions = [], flags }: CliCommand = (await load()).default;
      const command = new Command(name);
      flags?.(command);
      const options = new Set(command.options.flatMap(({ long, short }) => [long, short]));
      return [name, { aliases, actions, options, passThrough }] as const;
    }),
  ),
);
const GLOBAL = new Set(["--json", "--debug", "-C", "--directory", "--help", "--version"]);

/** Returns what a command line has that the program does not know; undefined where it knows everything. */
function unknownIn(line: string): string | undefined {
  const all = wordsOf(line);
  let at = 0;
  while (all[at]?.startsWith("-")) at += all[at] === "-C" ? 2 : 1;
  const [name = "", first = "", ...rest] = all.slice(at);
  if (name === "help") return /^[A-Z]+$/.test(first) || topicHelp(first, packageAssets()) !== "" ? undefined : first;
  // A placeholder such as COMMAND.
  if (name === "" || /^[A-Z…<]/.test(name)) return undefined;
  const command = loaded.get(name) ?? [...loaded.values()].find(({ aliases }) => aliases.includes(name));
  if (command === undefined) return name;
  if (command.passThrough !== undefined) return undefined;
  const isWord = /^[a-z][a-z-]*$/.test(first);
  if (command.actions.length > 0 && isWord && name !== "alert" && !command.actions.includes(first)) return first;
  return [first, ...rest]
    .filter((word) => /^--?[a-z]/.test(word))
    .map((word) => word.replace(/[=,.:].*$/, ""))
    .find((word) => !GLOBAL.has(word) && !command.options.has(word));
}

it.each(pages)("%s: its command lines name commands, actions and options that exist", (page) => {
  const lines = commandLines(readFileSync(join(root, page), "utf8"));
  expect(lines.flatMap((line) => (unknownIn(line) === undefined ? [] : [`${line}: ${unknownIn(line)}`]))).toEqual([]);
});

it("finds mistakes", () => {
  expect(commandLines("```sh\nnpx glitchtip-compose up && npx glitchtip-compose statu  # x\n```")).toEqual([
    "up",
    "statu",
  ]);
  expect(unknownIn("statu")).toBe("statu");
  expect(unknownIn("init --no-app")).toBe("--no-app");
  expect(unknownIn("backup creat")).toBe("creat");
  expect(unknownIn("init --yes --app api=shop")).toBeUndefined();
});
