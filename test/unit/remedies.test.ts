import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { COMMANDS } from "../../src/cli/registry/index.ts";

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

/** The actions of commands that are groups of them. */
const ACTIONS: Readonly<Record<string, readonly string[]>> = Object.fromEntries(
  await Promise.all(
    COMMANDS.map(async ({ name, load }) => {
      const { actions = [] }: { readonly actions?: readonly string[] } = (await load()).default;
      return [name, actions] as const;
    }),
  ),
);
const isNoAction = (command: string, word: string): boolean => {
  const actions = ACTIONS[command] ?? [];
  return word !== "" && actions.length > 0 && !actions.includes(word);
};

describe("command lines in the program's texts", () => {
  it("name commands and actions that exist", () => {
    const names = new Set(COMMANDS.flatMap(({ name, aliases = [] }) => [name, ...aliases])).add("help");
    expect(told.length).toBeGreaterThan(50);
    expect(told.filter(({ command }) => !names.has(command))).toEqual([]);
    expect(Object.values(ACTIONS).filter((actions) => actions.length > 0).length).toBeGreaterThan(8);
    expect(told.filter(({ command, word }) => isNoAction(command, word))).toEqual([]);
  });

  it("restarts the worker wherever it runs: not every stack has a service for it", () => {
    const direct = readdirSync(join(ROOT, "src"), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .filter((path) => /docker compose (restart|logs)[^"`]* glitchtip-worker/.test(readFileSync(path, "utf8")));
    expect(direct).toEqual([]);
  });
});
