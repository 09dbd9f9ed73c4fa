import { writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { cliFolders, needsScript, runCli, startCli, startOnTerminal } from "../../support/cli-process.ts";
import { COMPOSE } from "./workspace.ts";

describe("a first contact", () => {
  it("the same service with two projects is a mistake; the same line twice is not", async () => {
    using folders = cliFolders();
    writeFileSync(join(folders.project, "compose.yaml"), COMPOSE);
    const twice = await runCli(folders, "init", "--yes", "--dry-run", "--app", "api=x", "--app", "api=y");
    expect(twice.code).toBe(2);
    expect(twice.stderr).toContain("--app: api is given twice, with different values");
    const same = await runCli(folders, "init", "--yes", "--dry-run", "--app", "api=x", "--app", "api=x");
    expect(same.code).toBe(0);
  });

  it("add warns that its lines cannot go into a file that was ejected", async () => {
    using folders = cliFolders();
    writeFileSync(join(folders.project, "compose.yaml"), `services:\n${["api", "web"].map(serviceLine).join("")}`);
    await runCli(folders, "init", "--yes", "--app", "api=x");
    const { stdout } = await runCli(folders, "eject", "--json");
    const ejected: string[] = JSON.parse(stdout).ejected ?? [];
    const { code, stderr } = await runCli(folders, "add", "web");
    expect(code).toBe(0);
    const stack = ejected.find((path) => /^compose\..*yaml$/.test(path)) ?? "compose";
    expect(stderr).toContain(`warning: ${stack}`);
    expect(stderr).toContain("is yours since eject, so this change is not written into it");
  });

  it("an error begins in red on a terminal, unless NO_COLOR is set", async ({ skip }) => {
    needsScript(skip);
    using folders = cliFolders();
    await using coloured = startOnTerminal(folders, "status");
    expect((await coloured.ended).stdout).toContain("\u001b[31merror GC1108:\u001b[0m ");
    folders.env.NO_COLOR = "1";
    await using plain = startOnTerminal(folders, "status");
    expect((await plain.ended).stdout).toMatch(/^error GC1108: /m);
  });

  it("Ctrl-C is no error with a code and ends with 130, on a terminal as elsewhere", async ({ skip }) => {
    needsScript(skip);
    const silent = createServer(() => {});
    await new Promise<void>((listens) => silent.listen(0, "127.0.0.1", listens));
    const { port } = silent.address() as AddressInfo;
    try {
      using folders = cliFolders();
      const server = `{url: "http://127.0.0.1:${port}", token: "env:GLITCHTIP_TOKEN"}`;
      writeFileSync(join(folders.project, "glitchtip.yaml"), `version: 1\nserver: ${server}\norganization: Acme\n`);
      folders.env.GLITCHTIP_TOKEN = "0".repeat(64);
      await using plan = startCli(folders, "plan");
      await plan.says("looking at what the servers hold");
      plan.kill("SIGINT");
      const { code, stderr } = await plan.ended;
      expect(code).toBe(130);
      expect(stderr).toContain("stopped by SIGINT");
      expect(stderr).not.toContain("GC1003");
      await using shown = startOnTerminal(folders, "plan");
      await shown.says("looking at what the servers hold [0s]");
      shown.type("\u0003");
      const ended = await shown.ended;
      expect(ended.code).toBe(130);
      expect(ended.stdout).toMatch(/stopped by SIGINT\r?$/m);
    } finally {
      silent.close();
      silent.closeAllConnections();
    }
  });
});

const serviceLine = (name: string) => `  ${name}: { image: a, entrypoint: [node], command: [x] }\n`;
