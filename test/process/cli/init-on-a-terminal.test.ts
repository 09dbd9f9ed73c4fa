import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { cliFolders, needsScript, runCli, startOnTerminal } from "../../support/cli-process.ts";
import { COMPOSE, filesOf } from "./workspace.ts";

describe("init on a terminal", () => {
  const [RETURN, SPACE, CTRL_C] = ["\r", " ", "\u0003"];

  it("asks for what the flags left open, and uses the answers", async ({ skip }) => {
    needsScript(skip);
    using folders = cliFolders();
    writeFileSync(join(folders.project, "compose.yaml"), COMPOSE);
    await using run = startOnTerminal(folders, "init", "--organization", "Acme");
    await run.says("Which services report errors?");
    run.type(SPACE + RETURN);
    await run.says("Project of api");
    run.type(RETURN);
    await run.says("URL of an existing GlitchTip");
    run.type(RETURN);
    await run.says("e-mail address");
    run.type(RETURN);
    const { code, stdout } = await run.ended;
    expect(code, stdout).toBe(0);
    expect(stdout).not.toContain("Organization\r\n");
    const declaration = filesOf(folders.project)["glitchtip.yaml"];
    expect(declaration).toContain("organization: Acme");
    expect(declaration).toMatch(/apps:\n {2}api: /);
  });

  it("takes no service for GlitchTip alone, and refuses an address that cannot be one at its question", async ({
    skip,
  }) => {
    needsScript(skip);
    using folders = cliFolders();
    writeFileSync(join(folders.project, "compose.yaml"), COMPOSE);
    await using run = startOnTerminal(folders, "init", "--organization", "Acme");
    await run.says("none: GlitchTip alone");
    run.type(RETURN);
    await run.says("URL of an existing GlitchTip");
    run.type(RETURN);
    await run.says("e-mail address");
    run.type(`@${RETURN}`);
    await run.says("must be an e-mail address");
    run.type(`\u007f${RETURN}`);
    const { code, stdout } = await run.ended;
    expect(code, stdout).toBe(0);
    expect(filesOf(folders.project)["glitchtip.yaml"]).toContain("apps: {}");
  });

  it("asks nothing with --yes", async ({ skip }) => {
    needsScript(skip);
    using folders = cliFolders();
    await using run = startOnTerminal(folders, "init", "--yes");
    expect(await run.ended).toMatchObject({ code: 0 });
  });

  it("asks what a folder with other things gets", async ({ skip }) => {
    needsScript(skip);
    using folders = cliFolders();
    writeFileSync(join(folders.project, "package.json"), "{}");
    await using run = startOnTerminal(
      folders,
      "init",
      "--organization",
      "Acme",
      "--email",
      "me@example.com",
      "--port",
      "8123",
    );
    await run.says("No Compose file is here, beside package.json");
    run.type(RETURN);
    const { code, stdout } = await run.ended;
    expect(code, stdout).toBe(0);
    expect(filesOf(folders.project)["glitchtip.yaml"]).toContain("apps: {}");
  });

  it("asks for the public domain where --production comes without one; without a terminal it names the flag", async ({
    skip,
  }) => {
    needsScript(skip);
    using folders = cliFolders();
    expect(await runCli(folders, "init", "--production")).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("--domain errors.example.com"),
    });
    await using run = startOnTerminal(folders, "init", "--production", "--no-preflight", "--organization", "Acme");
    await run.says("Public domain");
    run.type(`errors.example.com${RETURN}`);
    await run.says("e-mail address");
    run.type(RETURN);
    const { code, stdout } = await run.ended;
    expect(code, stdout).toBe(0);
    expect(filesOf(folders.project)["glitchtip.yaml"]).toContain("production: { domain: errors.example.com }");
  });

  it("asks nothing a second time", async ({ skip }) => {
    needsScript(skip);
    using folders = cliFolders();
    await runCli(folders, "init");
    await using run = startOnTerminal(folders, "init");
    const { code, stdout } = await run.ended;
    expect(code).toBe(0);
    expect(stdout).toContain("nothing to change");
  });

  it("ends with 130 on Ctrl-C at a question, with the cursor shown again and nothing written", async ({ skip }) => {
    needsScript(skip);
    using folders = cliFolders();
    await using run = startOnTerminal(folders, "init");
    await run.says("Organization");
    run.type(CTRL_C);
    const { code, stdout } = await run.ended;
    expect(code).toBe(130);
    expect(stdout).toContain("error GC1003: stopped before anything was written");
    expect(stdout.lastIndexOf("\u001b[?25h")).toBeGreaterThan(stdout.lastIndexOf("\u001b[?25l"));
    expect(filesOf(folders.project)).toEqual({});
  });
});
