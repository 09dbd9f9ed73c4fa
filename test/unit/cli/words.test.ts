import { describe, expect, it } from "vitest";
import { wordsFor } from "../../../src/cli/words.ts";

const COMMANDS = [
  { name: "status", summary: "" },
  { name: "psql", summary: "", passes: "all" },
  { name: "redis-cli", alias: "valkey-cli", summary: "", passes: "all" },
  { name: "shell", summary: "", passes: "afterName" },
] as const;
const words = (text: string) => wordsFor(text === "" ? [] : text.split(" "), COMMANDS).join(" ");

describe("what is typed, as commander is to read it", () => {
  it.each([
    ["nothing is a question for help", "", "--help"],
    ["help of a command is its --help", "help psql", "psql --help"],
    ["other commands are left alone", "status --json", "status --json"],
    ["flags of a program in a container are its own", "psql -c x --json", "psql -- -c x --json"],
    ["also the first one that looks like ours", "psql --debug", "psql -- --debug"],
    ["a lone --help is ours", "psql --help", "psql --help"],
    ["behind -- it is the program's", "psql -- --help", "psql -- --help"],
    ["a second -- is passed on", "psql -- -- -x", "psql -- -- -x"],
    ["our flags stand before the name", "-C ../shop --json psql -x", "-C ../shop --json psql -- -x"],
    ["a folder is no command", "-C psql status -x", "-C psql status -x"],
    ["by its other name, too", "valkey-cli -n 1", "valkey-cli -- -n 1"],
    ["a shell's own flags stand before the service", "shell --root web ls --json", "shell --root -- web ls --json"],
    ["a shell without a service is a shell", "shell --root", "shell --root"],
  ])("%s", (_, typed, read) => {
    expect(words(typed)).toBe(read);
  });
});
