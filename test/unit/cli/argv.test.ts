import { describe, expect, it } from "vitest";
import { normalizeArgv } from "../../../src/cli/argv.ts";

const COMMANDS = [
  { name: "status" },
  { name: "psql", passThrough: "all" },
  { name: "redis-cli", aliases: ["valkey-cli"], passThrough: "all" },
  { name: "shell", passThrough: "afterName" },
] as const;
const normalized = (text: string) => normalizeArgv(text === "" ? [] : text.split(" "), COMMANDS).join(" ");

describe("arguments, as commander reads them", () => {
  it.each([
    ["no argument becomes --help", "", "--help"],
    ["help of a command becomes its --help", "help psql", "psql --help"],
    ["help all becomes --help of the program", "help all", "--help"],
    ["help of no command is an unknown command", "help statu", "statu"],
    ["--help does not hide an unknown command", "statu --help", "statu"],
    ["other commands stay as they are", "status --json", "status --json"],
    ["options of a program in a container are passed on", "psql -c x --json", "psql -- -c x --json"],
    ["so is a first option that looks like ours", "psql --debug", "psql -- --debug"],
    ["a lone --help is ours", "psql --help", "psql --help"],
    ["--help behind -- is passed on", "psql -- --help", "psql -- --help"],
    ["a second -- is passed on", "psql -- -- -x", "psql -- -- -x"],
    ["our options stand before the command", "-C ../shop --json psql -x", "-C ../shop --json psql -- -x"],
    ["the folder behind -C is not taken for a command", "-C psql status -x", "-C psql status -x"],
    ["an alias is treated as the command", "valkey-cli -n 1", "valkey-cli -- -n 1"],
    ["options of shell itself stand before the service", "shell --root web ls --json", "shell --root -- web ls --json"],
    ["shell without a service passes nothing on", "shell --root", "shell --root"],
    [
      "what earlier versions had for --confirm is read as that",
      "status --yes-clean shop --yes-delete=jobs --yes",
      "status --confirm shop --confirm=jobs --yes",
    ],
    ["a program in a container gets its own flags unchanged", "psql --yes-clean x", "psql -- --yes-clean x"],
  ])("%s", (_, typed, read) => {
    expect(normalized(typed)).toBe(read);
  });
});
