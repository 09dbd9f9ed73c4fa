import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Command } from "commander";
import { describe, expect, it } from "vitest";
import type { CliCommand } from "../../../src/cli/command.ts";
import { agreed, type ConfirmationFlags, DESTRUCTIVE_COMMANDS } from "../../../src/cli/confirmation.ts";
import { COMMANDS } from "../../../src/cli/registry/index.ts";

const optionsOf = Object.fromEntries(
  await Promise.all(
    COMMANDS.map(async ({ name, load }) => {
      const command = new Command(name);
      ((await load()).default as CliCommand).flags?.(command);
      return [name, command.options.map(({ long }) => long ?? "")] as const;
    }),
  ),
);

describe("commands that remove or replace something", () => {
  it.each(Object.entries(DESTRUCTIVE_COMMANDS))("%s has the flags of the table", (name, row) => {
    const options = optionsOf[name] ?? expect.unreachable();
    expect(options).toContain("--dry-run");
    expect(options.includes("--yes")).toBe("yes" in row);
    expect(options.includes("--confirm")).toBe("confirm" in row);
  });

  it("are the only ones with --confirm, and none has a flag of its own for it", () => {
    const others = Object.entries(optionsOf).filter(([name]) => !Object.hasOwn(DESTRUCTIVE_COMMANDS, name));
    expect(others.filter(([, options]) => options.includes("--confirm")).map(([name]) => name)).toEqual([]);
    const own = Object.entries(optionsOf).filter(([, options]) => options.some((option) => /^--yes-/.test(option)));
    expect(own.map(([name]) => name)).toEqual([]);
    // A flag for yes is not there where nothing is lost, but for the commands that ask how to write files.
    const asking = others.filter(([, options]) => options.includes("--yes")).map(([name]) => name);
    expect(asking).toEqual(["init", "add", "render"]);
  });
});

it("the page of the commands has a row for each", () => {
  const page = readFileSync(join(import.meta.dirname, "../../../docs/daily.md"), "utf8");
  const told = [...page.matchAll(/^\| (`[a-z][^|]*) \| yes \| (yes)? ?\| ?([^|]*)\|$/gm)].flatMap(
    ([, names, yes, confirm]) =>
      [...(names ?? "").matchAll(/`([a-z]+)/g)].map(([, name]) => [name, yes === "yes", confirm !== ""] as const),
  );
  const rows = Object.entries(DESTRUCTIVE_COMMANDS).map(
    ([name, row]) => [name, "yes" in row, "confirm" in row] as const,
  );
  expect([...told].sort()).toEqual([...rows].sort());
});

describe("consent without a terminal", () => {
  const ask = async (flags: ConfirmationFlags, name?: string) => {
    const said: string[] = [];
    const log = { info: (text: string) => said.push(text), warn() {}, step() {}, debug() {} };
    const context = { interactive: false, signal: new AbortController().signal, log, setExitCode() {} };
    return await agreed(context, flags, { text: "Remove it?", name });
  };

  it("is --yes where no data goes, and --confirm with the name where data goes", async () => {
    expect(await ask({ yes: true })).toBe(true);
    expect(await ask({ confirm: ["shop"] }, "shop")).toBe(true);
  });

  it("is an error that names the flag to give", async () => {
    await expect(ask({})).rejects.toMatchObject({ code: "GC1002", remedy: "To say yes: --yes" });
    for (const flags of [{}, { yes: true }])
      await expect(ask(flags, "shop")).rejects.toMatchObject({ code: "GC1002", remedy: "To say yes: --confirm shop" });
    await expect(ask({}, "it's")).rejects.toMatchObject({ remedy: String.raw`To say yes: --confirm 'it'\''s'` });
  });

  it("is refused for another name, also beside the right one", async () => {
    for (const confirm of [["other"], ["shop", "other"]])
      await expect(ask({ yes: true, confirm }, "shop")).rejects.toMatchObject({
        code: "GC1001",
        message: "--confirm other: the name to confirm is shop",
      });
  });
});
