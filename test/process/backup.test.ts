import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { beginBackup } from "../../src/backup/folder.ts";
import { backupNameAt } from "../../src/backup/manifest.ts";
import { type CliFolders, cliFolders, needsScript, runCli, startOnTerminal } from "../support/cli-process.ts";
import { manifestWith } from "../support/manifest.ts";

const DAY_MS = 86_400_000;
const START_MS = Date.parse("2026-11-02T03:15:00Z");

/** The name of the folder, as Compose has it. */
const NAMED = ["--confirm", "my-shop"];

let folders: CliFolders;
const backups = () => join(folders.project, "backups");
const names = () => readdirSync(backups()).filter((name) => !name.startsWith("."));

/** Makes one backup a day with invalid dumps, and returns their names. */
async function makeBackups(days: number): Promise<string[]> {
  const made: string[] = [];
  for (let day = 0; day < days; day++) {
    const name = backupNameAt(START_MS + day * DAY_MS);
    const partial = beginBackup(backups(), name);
    await partial.text("database.dump", `dump of day ${day}`);
    partial.finish(manifestWith({ name, reason: "scheduled", files: [...partial.files] }));
    made.push(name);
  }
  return made;
}

beforeEach(async () => {
  folders = cliFolders();
  await runCli(folders, "init");
});
afterEach(() => folders[Symbol.dispose]());

describe("backup list", () => {
  it("shows the newest first, and the problem of a damaged one", async () => {
    expect((await runCli(folders, "backup", "list")).stdout).toContain("no backups in");
    const [first = "", second = ""] = await makeBackups(2);
    writeFileSync(join(backups(), first, "database.dump"), "cut");
    const { stdout } = await runCli(folders, "backup", "list");
    expect(stdout.split("\n").slice(1, 3)).toEqual([
      expect.stringMatching(new RegExp(`^${second} .* scheduled +none +good$`)),
      expect.stringMatching(new RegExp(`^${first} .* database\\.dump: not whole$`)),
    ]);
    const { backups: found } = JSON.parse((await runCli(folders, "backup", "list", "--json")).stdout);
    expect(found).toMatchObject([{ name: second }, { name: first, problem: "database.dump: not whole" }]);
  });
});

describe("backup verify", () => {
  it("reads every byte of the latest backup, or of the named ones", async () => {
    const [first = "", second = ""] = await makeBackups(2);
    writeFileSync(join(backups(), first, "database.dump"), "dump of day 9");
    expect(await runCli(folders, "backup", "verify")).toMatchObject({
      code: 0,
      stdout: expect.stringContaining(second),
    });
    const damaged = await runCli(folders, "backup", "verify", first);
    expect(damaged).toMatchObject({ code: 1, stderr: expect.stringContaining("database.dump was changed") });
  });
});

describe("backup prune", () => {
  it("lists with --dry-run, requires the project's name without a terminal, and deletes what the rules do not keep", async () => {
    const made = await makeBackups(10);
    const rules = ["backup", "prune", "--keep", "daily=3"];
    const dry = await runCli(folders, ...rules, "--dry-run", "--json");
    expect(JSON.parse(dry.stdout).deleted.sort()).toEqual(made.slice(0, 7));
    for (const flags of [[], ["--yes"]])
      expect(await runCli(folders, ...rules, ...flags)).toMatchObject({
        code: 2,
        stderr: expect.stringContaining(NAMED.join(" ")),
      });
    expect(names()).toEqual(made);
    expect((await runCli(folders, ...rules, ...NAMED)).code).toBe(0);
    expect(names()).toEqual(made.slice(7));
    expect((await runCli(folders, ...rules, ...NAMED)).stdout).toBe("deleted nothing\n");
  });

  it("applies backup.keep where no rule is given, and refuses an invalid rule", async () => {
    await makeBackups(3);
    expect((await runCli(folders, "backup", "prune", "--yes")).stderr).toContain("backup.keep");
    expect(await runCli(folders, "backup", "prune", "--keep", "always")).toMatchObject({ code: 2 });
    const path = join(folders.project, "glitchtip.yaml");
    writeFileSync(path, "backup: { keep: last=1 }\n", { flag: "a" });
    expect((await runCli(folders, "backup", "prune", ...NAMED)).code).toBe(0);
    expect(names()).toHaveLength(1);
  });

  it("asks on a terminal, where Enter means no", async ({ skip }) => {
    needsScript(skip);
    await makeBackups(2);
    await using cli = startOnTerminal(folders, "backup", "prune", "--keep", "last=1");
    await cli.says("for good");
    cli.type("\r");
    expect((await cli.ended).stdout).toContain("Nothing was changed");
    expect(names()).toHaveLength(2);
  });
});

describe("backup and restore with missing input", () => {
  it("name what is missing, and leave no file behind", async () => {
    const create = (...flags: string[]) => runCli(folders, "backup", "create", ...flags);
    expect((await create("--include-secrets")).stderr).toContain("GC1002");
    expect((await create("--include-secrets", "--recipient", "age1nonsense")).stderr).toContain("no age recipient");
    writeFileSync(join(folders.project, "short"), "secret\n");
    expect((await create("--include-secrets", "--passphrase-file", "short")).stderr).toContain("fewer than 12");
    expect((await create("--include-secrets", "--passphrase-env", "NOT_THERE")).stderr).toContain("GC1107");
    expect(await runCli(folders, "backup", "fetch")).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("backup.target"),
    });
    expect(await runCli(folders, "backup", "everything")).toMatchObject({ code: 2 });
    expect(await runCli(folders, "restore")).toMatchObject({ code: 2 });
    expect((await runCli(folders, "restore", "latest")).stderr).toContain("holds no backup that can be used");
    expect((await runCli(folders, "restore", "elsewhere")).stderr).toContain("is not there");
    expect(existsSync(backups())).toBe(false);
  });
});
