import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { execPath } from "node:process";
import { describe, expect, it } from "vitest";
import { CLI, cliFolders, needsScript, runCli, startOnTerminal } from "../../support/cli-process.ts";
import { COMPOSE, filesOf } from "./workspace.ts";

describe("init on a terminal", () => {
  const [RETURN, SPACE, CTRL_C, ESC, DOWN] = ["\r", " ", "\u0003", "\u001b", "\u001b[B"];

  it("asks for what the flags left open, and uses the answers", async ({ skip }) => {
    needsScript(skip);
    using folders = cliFolders();
    writeFileSync(join(folders.project, "compose.yaml"), COMPOSE);
    await using run = startOnTerminal(folders, "init", "--organization", "Acme");
    await run.says("Which GlitchTip do you want?");
    run.type(RETURN);
    await run.says("Which services report errors?");
    run.type(DOWN + SPACE + RETURN);
    await run.says("Project of api");
    run.type(RETURN);
    await run.says("e-mail address");
    run.type(RETURN);
    await run.says("port on this machine");
    run.type(RETURN);
    await run.says("Write these files?");
    expect(filesOf(folders.project)).toEqual({ "compose.yaml": COMPOSE });
    run.type(RETURN);
    const { code, stdout } = await run.ended;
    expect(code, stdout).toBe(0);
    expect(stdout).not.toContain("Organization\r\n");
    const declaration = filesOf(folders.project)["glitchtip.yaml"];
    expect(declaration).toContain("organization: Acme");
    expect(declaration).toMatch(/apps:\n {2}api: /);
  });

  it("ignores an Enter between two questions", async ({ skip }) => {
    needsScript(skip);
    using folders = cliFolders();
    writeFileSync(join(folders.project, "compose.yaml"), COMPOSE);
    const given = ["--organization", "Acme", "--email", "me@example.com", "--app", "api=api"];
    await using run = startOnTerminal(folders, "init", ...given);
    await run.says("Which GlitchTip do you want?");
    run.type(RETURN);
    await run.says("port on this machine");
    run.type(RETURN);
    await new Promise((resolve) => setTimeout(resolve, 100));
    run.type(RETURN);
    await run.says("Write these files?");
    run.type(RETURN);
    const { code, stdout } = await run.ended;
    expect(code, stdout).toBe(0);
    expect(filesOf(folders.project)["glitchtip.yaml"]).toContain("organization: Acme");
  });

  it("takes no service for GlitchTip alone, and refuses an address that cannot be one at its question", async ({
    skip,
  }) => {
    needsScript(skip);
    using folders = cliFolders();
    writeFileSync(join(folders.project, "compose.yaml"), COMPOSE);
    await using run = startOnTerminal(folders, "init", "--organization", "Acme");
    await run.says("Which GlitchTip do you want?");
    run.type(RETURN);
    await run.says("none: GlitchTip alone");
    run.type(SPACE + DOWN + SPACE + RETURN);
    await run.says("No service gets a DSN");
    await run.says("e-mail address");
    run.type(`me${RETURN}`);
    await run.says("must be an e-mail address");
    run.type(`@example.com${RETURN}`);
    await run.says("port on this machine");
    run.type(RETURN);
    await run.says("Write these files?");
    run.type(RETURN);
    const { code, stdout } = await run.ended;
    expect(code, stdout).toBe(0);
    expect(filesOf(folders.project)["glitchtip.yaml"]).toContain("apps: {}");
    expect(stdout).toMatch(/npx glitchtip-compose init --yes .*--no-apps/);
    expect(filesOf(folders.project)["glitchtip.yaml"]).toContain("me@example.com");
    expect(stdout).toContain("then: npx glitchtip-compose add api");
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
    await using run = startOnTerminal(folders, "init", "--organization", "Acme", "--email", "me@example.com");
    await run.says("No Compose file is here, beside package.json");
    run.type(RETURN);
    await run.says("port on this machine");
    run.type(RETURN);
    await run.says("Write these files?");
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
    await run.says("Write these files?");
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
    await run.says("Which GlitchTip do you want?");
    run.type(RETURN);
    await run.says("Organization");
    run.type(CTRL_C);
    const { code, stdout } = await run.ended;
    expect(code).toBe(130);
    expect(stdout).toMatch(/^(?:\u001b\[\?25h)?stopped before anything was written\r?$/m);
    expect(stdout.lastIndexOf("\u001b[?25h")).toBeGreaterThan(stdout.lastIndexOf("\u001b[?25l"));
    expect(filesOf(folders.project)).toEqual({});
  });

  it("selects the services that are built here, and refuses the port of one of them at its question", async ({
    skip,
  }) => {
    needsScript(skip);
    using folders = cliFolders();
    writeFileSync(
      join(folders.project, "compose.yaml"),
      `services:\n  api: { build: ., entrypoint: [api], ports: ["8000:80"] }\n  cache: { image: "valkey/valkey:8" }\n`,
    );
    await using run = startOnTerminal(folders, "init", "--organization", "Acme", "--email", "me@example.com");
    await run.says("Which GlitchTip do you want?");
    run.type(RETURN);
    await run.says("Which services report errors?");
    run.type(RETURN);
    await run.says("Project of api");
    run.type(RETURN);
    await run.says("8000 is taken by api in your Compose file");
    run.type(`${"\u007f".repeat(5)}8000${RETURN}`);
    await run.says("▲");
    run.type(`${"\u007f".repeat(5)}8123${RETURN}`);
    await run.says("Write these files?");
    run.type(RETURN);
    const { code, stdout } = await run.ended;
    expect(code, stdout).toBe(0);
    expect(filesOf(folders.project)["glitchtip.yaml"]).toMatch(/port: 8123[\s\S]*apps:\n {2}api: /);
  });

  it("Esc goes back, also from the summary; the command line of the summary makes the same without a question", async ({
    skip,
  }) => {
    needsScript(skip);
    using folders = cliFolders();
    writeFileSync(join(folders.project, "compose.yaml"), COMPOSE);
    await using run = startOnTerminal(folders, "init");
    await run.says("Which GlitchTip do you want?");
    run.type(RETURN);
    await run.says("Which services report errors?");
    run.type(DOWN + SPACE + RETURN);
    await run.says("Project of api");
    run.type(`\u007f\u007f\u007fshop api${RETURN}`);
    await run.says("Organization");
    run.type(RETURN);
    await run.says("e-mail address");
    run.type(ESC);
    await run.says(/Organization[\s\S]*e-mail address[\s\S]*Organization/);
    run.type(`\u007f`.repeat(20));
    run.type(`Acme's${RETURN}`);
    await run.says(/Acme's[\s\S]*e-mail address/);
    run.type(RETURN);
    await run.says("port on this machine");
    run.type(`${"\u007f".repeat(5)}8123${RETURN}`);
    await run.says("Write these files?");
    run.type(ESC);
    await run.says(/Write these files\?[\s\S]*port on this machine/);
    run.type(RETURN);
    await run.says(/Write these files\?[\s\S]*port on this machine[\s\S]*Write these files\?/);
    expect(filesOf(folders.project)).toEqual({ "compose.yaml": COMPOSE });
    run.type(RETURN);
    const { code, stdout } = await run.ended;
    expect(code, stdout).toBe(0);
    const line = [...stdout.matchAll(/(npx glitchtip-compose init --yes .*?)\r?\n/g)].at(-1)?.[1] ?? "";
    expect(stdout).not.toContain("Warning");
    expect(line).toContain(`--app 'api=shop api'`);
    expect(line).toContain(`'Acme'\\''s'`);
    using again = cliFolders();
    writeFileSync(join(again.project, "compose.yaml"), COMPOSE);
    const { status, stderr } = spawnSync(
      "sh",
      ["-c", line.replace("npx glitchtip-compose", `'${execPath}' '${CLI}'`)],
      {
        cwd: again.project,
        encoding: "utf8",
      },
    );
    expect(status, stderr).toBe(0);
    expect(filesOf(again.project)["glitchtip.yaml"]).toBe(filesOf(folders.project)["glitchtip.yaml"]);
  });

  it("keeps nothing where the summary is answered with no or with Ctrl-C", async ({ skip }) => {
    needsScript(skip);
    for (const keys of ["n", CTRL_C]) {
      using folders = cliFolders();
      await using run = startOnTerminal(folders, "init", "--organization", "Acme", "--email", "me@example.com");
      await run.says("Which GlitchTip do you want?");
      run.type(RETURN);
      await run.says("port on this machine");
      run.type(RETURN);
      await run.says("Write these files?");
      run.type(keys);
      expect((await run.ended).code).toBe(130);
      expect(filesOf(folders.project)).toEqual({});
    }
  });

  it("takes a GlitchTip that is there already, by its URL and its token", async ({ skip }) => {
    needsScript(skip);
    using folders = cliFolders();
    folders.env.GLITCHTIP_TOKEN = "0".repeat(64);
    writeFileSync(join(folders.project, "compose.yaml"), COMPOSE);
    await using run = startOnTerminal(folders, "init", "--organization", "Acme", "--app", "api=shop");
    await run.says("Which GlitchTip do you want?");
    run.type(DOWN + RETURN);
    await run.says("Its URL");
    run.type(`https://errors.example.com${RETURN}`);
    await run.says("Where is its API token?");
    run.type(`env:GLITCHTIP_TOKEN${RETURN}`);
    await run.says("Write these files?");
    run.type(RETURN);
    const { code, stdout } = await run.ended;
    expect(code, stdout).toBe(0);
    expect(filesOf(folders.project)["glitchtip.yaml"]).toContain("url: https://errors.example.com");
  });

  it("add without a name picks from the services that have no DSN; without a terminal it names them", async ({
    skip,
  }) => {
    needsScript(skip);
    using folders = cliFolders();
    writeFileSync(join(folders.project, "compose.yaml"), COMPOSE);
    await runCli(folders, "init", "--yes", "--no-apps");
    expect(await runCli(folders, "add")).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("npx glitchtip-compose add api"),
    });
    await using run = startOnTerminal(folders, "add");
    await run.says("Which service gets a DSN?");
    run.type(RETURN);
    const { code, stdout } = await run.ended;
    expect(code, stdout).toBe(0);
    expect(filesOf(folders.project)["glitchtip.yaml"]).toMatch(/apps:\n {2}api:/);
  });
});
