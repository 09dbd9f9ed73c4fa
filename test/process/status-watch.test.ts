import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { cliFolders, needsScript, resizeTerminal, runCli, startCli, startOnTerminal } from "../support/cli-process.ts";
import { type FakeEngine, startFakeEngine } from "../support/fake-engine.ts";

const root = mkdtempSync(join(tmpdir(), "glitchtip-compose-watch-"));
const folders = cliFolders();
let engine: FakeEngine;

beforeAll(async () => {
  await runCli(folders, "init", "--yes");
  engine = await startFakeEngine({
    root,
    project: "my-shop",
    dsnDir: join(root, "dsn"),
    apps: ["app"],
    provisioner: {},
    config: { name: "my-shop", services: { app: { environment: {} }, glitchtip: {} } },
  });
  Object.assign(folders.env, engine.env);
});

afterAll(async () => {
  await engine[Symbol.asyncDispose]();
  folders[Symbol.dispose]();
  rmSync(root, { recursive: true });
});

/** Counts how often the first line of the status was shown. */
const looks = (said: string): number => said.match(/^my-shop: /gm)?.length ?? 0;
const again = (times: number) => new RegExp(`(?:^my-shop: [\\s\\S]*?){${times}}`, "m");

describe("status --watch", () => {
  it("repeats the status until Ctrl-C, which ends it with 130 and no error message", async () => {
    await using run = startCli(folders, "status", "--watch", "1");
    await run.says(again(3));
    run.kill("SIGINT");
    const { code, stdout, stderr } = await run.ended;
    expect(code).toBe(130);
    expect(looks(stdout)).toBeGreaterThanOrEqual(3);
    expect(stdout).not.toContain("\u001b");
    expect(stderr).toBe("");
  });

  it("clears the screen before each status on a terminal", async ({ skip }) => {
    needsScript(skip);
    await using run = startOnTerminal(folders, "status", "--watch", "1");
    await run.says(/\u001b\[H\u001b\[2J[\s\S]*\u001b\[H\u001b\[2J/);
    run.type("\u0003");
    expect((await run.ended).code).toBe(130);
  });

  it("is drawn again as soon as the window changes its size, and its first line stays in a small one", async ({
    skip,
  }) => {
    needsScript(skip);
    // No second look comes in between.
    await using run = startOnTerminal(folders, "status", "--watch", "3600");
    const drawn = (times: number, whatFollows: string) =>
      run.says(new RegExp(`(?:\\u001b\\[H\\u001b\\[2J[\\s\\S]*){${times}}${whatFollows}`));
    await drawn(1, "my-shop: [\\s\\S]*APP");
    resizeTerminal(folders, 60, 5);
    await drawn(2, "my-shop: [\\s\\S]*… \\d+ more: enlarge the window");
    const small = run.stdout.slice(run.stdout.lastIndexOf("my-shop: ")).trimEnd().split(/\r?\n/);
    expect(small).toHaveLength(3);
    resizeTerminal(folders, 120, 50);
    await drawn(3, "my-shop: [\\s\\S]*APP");
    run.type("\u0003");
    expect((await run.ended).code).toBe(130);
  });

  it("prints one object a line with --json", async () => {
    await using run = startCli(folders, "status", "--watch", "1", "--json");
    await run.says(/\n.*\n/);
    run.kill("SIGINT");
    const { stdout } = await run.ended;
    for (const line of stdout.trim().split("\n")) expect(JSON.parse(line)).toHaveProperty("state");
  });

  it("continues when the engine fails for a while, and says so", async () => {
    await using run = startCli(folders, "status", "--watch", "1");
    await run.says(again(1));
    engine.broken = true;
    await run.says(/warning: GC\d{4}: .*; looking again/);
    const before = looks(run.stdout);
    engine.broken = false;
    await run.says(again(before + 1));
    run.kill("SIGINT");
    expect((await run.ended).code).toBe(130);
  });

  it("ends at once where the first look fails", async () => {
    engine.broken = true;
    const { code, stderr } = await runCli(folders, "status", "--watch");
    engine.broken = false;
    expect(code).toBe(1);
    expect(stderr).toMatch(/^error GC\d{4}: /);
  });

  it.each(["0", "-1", "2s", "99999"])("refuses --watch %s", async (text) => {
    expect(await runCli(folders, "status", `--watch=${text}`)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining(`error GC1001: --watch ${text}: this is no number of seconds`),
    });
  });
});
