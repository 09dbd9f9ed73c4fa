import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { cliFolders, runCli, startCli } from "../../support/cli-process.ts";
import { COMPOSE, filesOf } from "./workspace.ts";

describe("wrong usage", () => {
  it.each([
    [["nit"], `unknown command 'nit'; did you mean "init"?`, "--help"],
    [["help", "statu"], 'there is no help on "statu"; did you mean "status"?', "help all, or help docs"],
    [["statu", "--help"], `unknown command 'statu'; did you mean "status"?`, "--help"],
    [["--jsom", "init"], `unknown option '--jsom'; did you mean "--json"?`, "--help"],
    [["init", "--dryrun"], `unknown option '--dryrun'; did you mean "--dry-run"?`, "init --help"],
    [["init", "--port"], "option '--port <number>' argument missing", "init --help"],
    [["init", "api"], "too many arguments for 'init'. Expected 0 arguments but got 1.", "init --help"],
    [["--debug"], "no command is given", "--help"],
  ])("%j end with 2, say what is wrong and where to look, and print no data", async (words, message, help) => {
    using folders = cliFolders();
    const { code, stdout, stderr } = await runCli(folders, ...words);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toBe(`error GC1001: ${message}\n  → See: npx glitchtip-compose ${help}\n`);
    expect(filesOf(folders.project)).toEqual({});
  });

  it.each([
    ["start", "npx glitchtip-compose up"],
    ["stop", "npx glitchtip-compose down (the data stays)"],
    ["exec", "npx glitchtip-compose shell SERVICE COMMAND…"],
    ["ps", "npx glitchtip-compose status"],
    ["undo", "npx glitchtip-compose uninstall"],
    ["remove-all", "npx glitchtip-compose uninstall"],
  ])("a word of other tools, %s, is answered with the command line that does it", async (word, line) => {
    using folders = cliFolders();
    const { code, stderr } = await runCli(folders, word, "--all");
    expect(code).toBe(2);
    expect(stderr).toContain(`error GC1001: unknown command '${word}'\n  → Use: ${line}`);
  });

  it.each([["mail"], ["notify"], ["check"], ["alert high-error-rate --project shop"]])(
    "%s needs no second word that is always the same",
    async (line) => {
      using folders = cliFolders();
      const { code, stderr } = await runCli(folders, ...line.split(" "));
      expect(code).toBe(1);
      expect(stderr).toMatch(/^error GC1108: /);
    },
  );

  it("all bad values are named at once", async () => {
    using folders = cliFolders();
    const words = ["--port", "99999", "--topology", "star", "--app", "api", "--registration", "maybe"];
    const { code, stderr } = await runCli(folders, "init", ...words);
    expect(code).toBe(2);
    expect(stderr).toMatch(/^error GC1001: these values cannot be used:$/m);
    for (const [flag, value] of [
      ["port", "99999"],
      ["topology", "star"],
      ["app", "api"],
      ["registration", "maybe"],
    ]) {
      expect(stderr).toContain(`  --${flag} ${value}: `);
    }
    expect(filesOf(folders.project)).toEqual({});
  });
});

describe("with --json an error", () => {
  it.each([
    ["of usage", ["init", "--nope", "--json"], "GC1001", 2],
    ["of a missing command", ["--json"], "GC1001", 2],
    ["of a value, the flag in front", ["--json", "init", "--port", "x"], "GC1001", 2],
    ["of an unanswered question", ["init", "--json", "-C", "PROJECT"], "GC1002", 2],
    ["of a folder without a project", ["status", "--json", "-C", "TEMPORARY"], "GC1108", 1],
  ])("%s is one line on stdout, and the same for a person on stderr", async (_, words, errorCode, exitCode) => {
    using folders = cliFolders();
    writeFileSync(join(folders.project, "compose.yaml"), COMPOSE);
    const real = words.map((word) => ({ PROJECT: folders.project, TEMPORARY: folders.temporary })[word] ?? word);
    const { code, stdout, stderr } = await runCli(folders, ...real);
    expect(code).toBe(exitCode);
    expect(stdout.trimEnd().split("\n")).toHaveLength(1);
    const { error } = JSON.parse(stdout);
    expect(error).toMatchObject({ code: errorCode, message: expect.any(String) });
    expect(stderr).toContain(`error ${errorCode}: ${error.message}\n`);
  });
});

it.each([
  ["unix:///nonexistent/docker.sock", "connect ENOENT /nonexistent/docker.sock"],
  ["ssh://ann@127.0.0.1:1", "connect ECONNREFUSED 127.0.0.1:1"],
  ["tcp://127.0.0.1:1", "connect ECONNREFUSED 127.0.0.1:1"],
])("an engine at %s that does not answer is named with the reason", async (host, reason) => {
  using folders = cliFolders();
  await runCli(folders, "init", "--yes");
  folders.env.DOCKER_HOST = host;
  const { code, stderr } = await runCli(folders, "down");
  expect(code).toBe(1);
  expect(stderr).toContain(`error GC1601: no Docker engine answers\n  DOCKER_HOST (${host}): ${reason}\n`);
});

it("--debug shows where an error came from", async () => {
  using folders = cliFolders();
  const { stderr } = await runCli(folders, "--debug", "status");
  expect(stderr).toMatch(/^debug: CodedError: .* has no glitchtip\.yaml\n {4}at /m);
});

it("a closed stdout pipe does not make the command fail", async () => {
  using folders = cliFolders();
  await using run = startCli(folders, "init", "--dry-run");
  run.closeStdout();
  expect(await run.ended).toMatchObject({ code: 0, stderr: "" });
});
