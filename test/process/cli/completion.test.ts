import { spawnSync } from "node:child_process";
import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readIfThere } from "../../../src/base/files.ts";
import { CLI, type CliFolders, cliFolders, runCli } from "../../support/cli-process.ts";
import { findProgram } from "../../support/shells.ts";

const DECLARATION =
  "version: 1\nprojects: {Shop API: {}, jobs: {}}\napps: {api: {project: jobs}, worker: {project: jobs}}\n";
const COMPOSE = "services: {api: {image: a}, worker: {image: b}}\n";

/** Returns a workspace whose PATH has the program under its name, the script of a shell, and how the program was called. */
async function placeFor(shell: string): Promise<CliFolders & { readonly script: string; calls(): string[] }> {
  const folders = cliFolders();
  writeFileSync(join(folders.project, "glitchtip.yaml"), DECLARATION);
  writeFileSync(join(folders.project, "compose.yaml"), COMPOSE);
  const program = join(folders.temporary, "glitchtip-compose");
  const calls = join(folders.temporary, "calls");
  writeFileSync(program, `#!/bin/sh\necho "$*" >>'${calls}'\nexec '${process.execPath}' '${CLI}' "$@"\n`);
  chmodSync(program, 0o755);
  const { code, stdout } = await runCli(folders, "completion", shell);
  expect(code).toBe(0);
  const script = join(folders.temporary, `script.${shell === "powershell" ? "ps1" : shell}`);
  writeFileSync(script, stdout);
  return { ...folders, script, calls: () => (readIfThere(calls) ?? "").split("\n").filter(Boolean) };
}

/** How a shell is asked what a line may become: its program, and the script's text that prints a candidate a line. */
const ASKED: Readonly<Record<string, { readonly program: string; ask(script: string, line: string): string[] }>> = {
  bash: {
    program: "bash",
    ask: (script, line) => [
      "--norc",
      "-c",
      `source '${script}'; COMP_LINE='${line}'; COMP_POINT=\${#COMP_LINE}; ` +
        `_glitchtip_compose glitchtip-compose; printf '%s\\n' "\${COMPREPLY[@]}"`,
    ],
  },
  zsh: {
    program: "zsh",
    ask: (script, line) => [
      "-f",
      "-c",
      // What the completion system brings: the test looks at what it is handed.
      `compdef() { :; }; _files() { echo FILES; }; compadd() { print -rl -- "\${@[4,-1]}"; }; ` +
        `_describe() { print -rl -- "\${(@)found%%:*}"; }; source '${script}'; ` +
        `words=(\${(z):-'${line}x'}); words[-1]="\${words[-1]%x}"; CURRENT=\${#words}; _glitchtip_compose`,
    ],
  },
  fish: {
    program: "fish",
    ask: (script, line) => ["--no-config", "-c", `source '${script}'; complete -C '${line}' | string split -f1 \\t`],
  },
  powershell: {
    program: "pwsh",
    ask: (script, line) => [
      "-NoProfile",
      "-NonInteractive",
      "-Command",
      `. '${script}'; [System.Management.Automation.CommandCompletion]::CompleteInput('${line}', ${line.length}, $null)` +
        ".CompletionMatches | ForEach-Object { $_.CompletionText }",
    ],
  },
};

describe.each(Object.entries(ASKED))("in %s", (shell, { program, ask }) => {
  it("commands, options and names of the workspace are completed", async ({ skip }) => {
    const path = findProgram(program);
    if (path === undefined) return skip(`no ${program} on this machine`);
    using place = await placeFor(shell);
    const complete = (line: string) => {
      const { stdout, stderr } = spawnSync(path, ask(place.script, line), {
        cwd: place.project,
        env: { ...process.env, HOME: place.temporary, PATH: `${place.temporary}:${process.env.PATH}` },
        encoding: "utf8",
      });
      expect(stderr, line).toBe("");
      return stdout.split("\n").filter(Boolean);
    };
    expect(complete("glitchtip-compose ver")).toEqual(["verify"]);
    expect(complete("glitchtip-compose help veri")).toEqual(["verify"]);
    expect(complete("glitchtip-compose -C ../shop veri")).toEqual(["verify"]);
    expect(complete("glitchtip-compose init --no-a")).toEqual(["--no-apps"]);
    expect(complete("glitchtip-compose init --yes --no-a")).toEqual(["--no-apps"]);
    expect(complete("glitchtip-compose backup --no-ver")).toEqual(["--no-verify"]);
    expect(complete("glitchtip-compose backup ver")).toEqual(["verify"]);
    expect(complete("glitchtip-compose user --json pass")).toEqual(["password"]);
    expect(complete("glitchtip-compose --js")).toEqual(["--json"]);
    // A key press on these starts no program: the script has every command, option and action.
    if (shell !== "powershell") expect(place.calls()).toEqual([]);
    expect(complete("glitchtip-compose verify ")).toEqual(["api", "worker"]);
    expect(complete("glitchtip-compose verify api w")).toEqual(["worker"]);
    expect(complete("glitchtip-compose init --app a")).toEqual(["api="]);
    const projects = complete("glitchtip-compose add x --project ").map((word) => word.replace(/[\\'"]/g, ""));
    expect(projects.sort()).toEqual(["Shop API", "jobs"]);
  });
});

it("an answer takes at most as much processor time again as Node takes to start and 60 ms", () => {
  using folders = cliFolders();
  writeFileSync(join(folders.project, "glitchtip.yaml"), DECLARATION);
  // The least of several: the machine may have other work.
  const cpuMs = (...words: string[]) => Math.min(...[1, 2, 3, 4, 5].map(() => cpuMsOf(folders.project, words)));
  const bare = cpuMs("-e", "0");
  for (const typed of ["ver", "verify ", "init --no", "backup "]) {
    const words = [CLI, "completion", "bash", "--line", `glitchtip-compose ${typed}`];
    expect(cpuMs(...words), typed).toBeLessThan(2 * bare + 60);
  }
});

const TELL_CPU =
  "data:text/javascript,process.on('exit',()=>{const{user,system}=process.cpuUsage();process.stderr.write(String(user+system))})";

/** Returns the processor time of a Node process in ms. */
function cpuMsOf(cwd: string, words: readonly string[]): number {
  const { stderr, status } = spawnSync(process.execPath, ["--import", TELL_CPU, ...words], { cwd, encoding: "utf8" });
  expect(status).toBe(0);
  return Number(stderr) / 1_000;
}
