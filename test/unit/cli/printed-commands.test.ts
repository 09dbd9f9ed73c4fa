import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { COMMANDS } from "../../../src/cli/registry/index.ts";

const source = join(import.meta.dirname, "../../../src");

/** Names of things, and no commands to type. */
const NAMES = [
  /"glitchtip-compose configuration"/,
  /(?:label: `|LABEL = "|_LABEL: "|title: `|text: `|=> `)glitchtip-compose /,
  /glitchtip-compose eject`: written no longer/,
  /^\s*(?:\/\*)?\*/,
];

it("prints every command line as README has it, with npx", () => {
  const verbs = COMMANDS.map(({ name }) => name).join("|");
  const bare = new RegExp(`(?<!npx )\\bglitchtip-compose (?:${verbs}|help|--|\\$\\{)`);
  const found = readdirSync(source, { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".ts"))
    .flatMap((file) => readFileSync(join(source, file), "utf8").split("\n"))
    .filter((line) => bare.test(line) && !NAMES.some((name) => name.test(line)));
  expect(found).toEqual([]);
});
