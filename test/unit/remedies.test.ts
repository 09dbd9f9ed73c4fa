import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { COMMANDS } from "../../src/cli/registry/index.ts";
import { ACTIONS } from "../../src/cli/user-actions.ts";

const ROOT = join(import.meta.dirname, "../..");

/** What the program's texts tell people to type, with the file that does. */
const told = ["src", "templates"].flatMap((folder) =>
  readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .flatMap((entry) => {
      const path = join(entry.parentPath, entry.name);
      const lines = readFileSync(path, "utf8").split("\n");
      return lines.flatMap((line) =>
        [...line.matchAll(/\bnpx glitchtip-compose ([a-z][a-z-]*)(?: ([a-z][a-z-]*))?/g)].map(
          ([words, command = "", word = ""]) => ({ at: path.slice(ROOT.length + 1), words, command, word }),
        ),
      );
    }),
);

/** Of commands whose first word is one of a few. */
const FIRST_WORDS: Readonly<Record<string, readonly string[]>> = {
  user: ["list", "info", "organizations", ...Object.keys(ACTIONS)],
  secrets: ["list", "rotate"],
};

describe("what people are told to type", () => {
  it("are commands that exist", () => {
    const names = new Set(COMMANDS.flatMap(({ name, aliases = [] }) => [name, ...aliases]));
    expect(told.length).toBeGreaterThan(50);
    expect(told.filter(({ command }) => !names.has(command))).toEqual([]);
    const wrong = told.filter(({ command, word }) => word !== "" && FIRST_WORDS[command]?.includes(word) === false);
    expect(wrong).toEqual([]);
  });

  it("restarts the worker wherever it runs: not every stack has a service for it", () => {
    const direct = readdirSync(join(ROOT, "src"), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .filter((path) => /docker compose (restart|logs)[^"`]* glitchtip-worker/.test(readFileSync(path, "utf8")));
    expect(direct).toEqual([]);
  });
});
