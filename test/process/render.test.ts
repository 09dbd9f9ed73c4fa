import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { type CliFolders, cliFolders, needsScript, runCli, startOnTerminal } from "../support/cli-process.ts";

const STACK = "compose.override.yaml";
const read = ({ project }: CliFolders, path: string) => readFileSync(join(project, path), "utf8");
const edit = (folders: CliFolders, path: string, change: (text: string) => string) =>
  writeFileSync(join(folders.project, path), change(read(folders, path)));

/** Makes a workspace whose stack the user has edited, and whose declaration has changed since. */
async function editedProject(): Promise<CliFolders> {
  const folders = cliFolders();
  await runCli(folders, "init");
  edit(folders, STACK, (text) => text.replace("mem_limit: 512m", "mem_limit: 1g"));
  edit(folders, "glitchtip.yaml", (text) => text.replace("server:", "server:\n  topology: split"));
  return folders;
}

/** Makes the same with an edit in a line that we have changed. */
async function conflictingProject(): Promise<CliFolders> {
  const folders = await editedProject();
  edit(folders, STACK, (text) => text.replace("SERVER_ROLE: all_in_one", "SERVER_ROLE: all_in_one # mine"));
  return folders;
}

describe("plan", () => {
  it("shows how each file would change, changes none, and ends with 3", async () => {
    using folders = await editedProject();
    const before = read(folders, STACK);
    const { code, stdout, stderr } = await runCli(folders, "plan");
    expect(code).toBe(3);
    expect(stderr).toMatch(/^looking at .*\nthe server of this stack was not asked: it is not known where/);
    expect(stdout).toMatch(/^would be merged {3}compose\.override\.yaml\n--- a\/compose\.override\.yaml$/m);
    expect(stdout).toMatch(/^\+ {2}glitchtip-worker:$/m);
    expect(stdout).not.toContain("\u001b[");
    expect(read(folders, STACK)).toBe(before);
  });

  it("--json has path, state and difference of each file", async () => {
    using folders = await editedProject();
    const { code, stdout } = await runCli(folders, "plan", "--files", "--json");
    expect(code).toBe(3);
    const { changes, files } = JSON.parse(stdout);
    expect(changes).toBe(true);
    expect(files).toContainEqual({ path: STACK, state: "merged", diff: expect.stringMatching(/^--- a\//) });
    expect(files).toContainEqual({ path: ".glitchtip/with-dsn", state: "same" });
  });

  it("names the places that cannot be merged", async () => {
    using folders = await conflictingProject();
    const { code, stderr } = await runCli(folders, "plan");
    expect(code).toBe(3);
    expect(stderr).toMatch(/^warning: compose\.override\.yaml:\d+: yours SERVER_ROLE: all_in_one # mine .*; ours /m);
  });

  it("sees no change of files when only the servers' part of the declaration has changed; render notes the change", async () => {
    using folders = cliFolders();
    await runCli(folders, "init");
    const before = read(folders, ".glitchtip/provision.json");
    edit(folders, "glitchtip.yaml", (text) => `${text}\nmembers:\n  - email: ann@example.com\n`);
    expect(await runCli(folders, "plan", "--files")).toMatchObject({ code: 0, stdout: "nothing to change\n" });
    expect(read(folders, ".glitchtip/provision.json")).toBe(before);
    expect(await runCli(folders, "render")).toMatchObject({ code: 0 });
    expect(read(folders, ".glitchtip/provision.json")).not.toBe(before);
    expect(await runCli(folders, "render", "--check")).toMatchObject({ code: 0 });
  });

  it("with nothing to change ends with 0 and says so", async () => {
    using folders = cliFolders();
    await runCli(folders, "init");
    expect(await runCli(folders, "plan", "--files")).toMatchObject({ code: 0, stdout: "nothing to change\n" });
  });

  it("does not say that nothing would change where the stack could not be asked", async () => {
    using folders = cliFolders();
    await runCli(folders, "init");
    expect(await runCli(folders, "plan")).toMatchObject({
      code: 4,
      stdout: "no file would change; what the server holds is not known\n",
      stderr: expect.stringContaining("the server of this stack was not asked: "),
    });
  });
});

describe("render", () => {
  it("writes what plan showed, and has nothing to change after that", async () => {
    using folders = await editedProject();
    const { stdout: planned } = await runCli(folders, "plan");
    const { code, stdout } = await runCli(folders, "render");
    expect(code).toBe(0);
    expect(stdout).toContain(planned.replaceAll("would be ", "").trimEnd());
    expect(read(folders, STACK)).toContain("mem_limit: 1g");
    expect(read(folders, STACK)).toContain("glitchtip-worker:");
    expect(await runCli(folders, "plan", "--files")).toMatchObject({ code: 0 });
  });

  it.each([
    ["render", "--check"],
    ["render", "--dry-run"],
    ["init", "--dry-run"],
  ])("%s %s writes nothing and ends with 3 as long as something would change", async (...words) => {
    using folders = await editedProject();
    const before = read(folders, STACK);
    const { code, stdout } = await runCli(folders, ...words);
    expect(code).toBe(3);
    expect(stdout).toMatch(/^would be merged {3}compose\.override\.yaml$/m);
    expect(stdout.includes("\n@@ ")).toBe(!words.includes("--check"));
    expect(read(folders, STACK)).toBe(before);
    await runCli(folders, "render");
    expect(await runCli(folders, ...words)).toMatchObject({ code: 0 });
  });

  it("ends with 1 where it cannot merge, names the places, and puts our text beside the file", async () => {
    using folders = await conflictingProject();
    const { code, stderr } = await runCli(folders, "render");
    expect(code).toBe(1);
    expect(stderr).toMatch(/^error GC1105: .*: compose\.override\.yaml$/m);
    expect(stderr).toMatch(/^ {2}compose\.override\.yaml:\d+: yours SERVER_ROLE: all_in_one # mine .*; ours /m);
    expect(read(folders, `${STACK}.new`)).toContain("glitchtip-worker:");
    expect(read(folders, STACK)).toContain("# mine");
  });

  it("--json reports a conflict with its lines", async () => {
    using folders = await conflictingProject();
    const { code, stdout, stderr } = await runCli(folders, "render", "--json");
    expect(code).toBe(1);
    const { files, refused, error } = JSON.parse(stdout);
    expect(refused).toEqual([STACK]);
    expect(error).toMatchObject({ code: "GC1105" });
    expect(files.find(({ path }: { path: string }) => path === STACK)).toMatchObject({
      state: "conflict",
      conflicts: [{ line: expect.any(Number), yours: expect.any(Array), ours: expect.any(Array) }],
    });
    expect(stderr).toContain("error GC1105");
  });

  it("is coloured on a terminal", async ({ skip }) => {
    needsScript(skip);
    using folders = await editedProject();
    await using run = startOnTerminal(folders, "render", "--dry-run");
    const { stdout } = await run.ended;
    expect(stdout).toContain("\u001b[32m+  glitchtip-worker:\u001b[0m");
    expect(stdout).toContain("\u001b[31m-      SERVER_ROLE: all_in_one\u001b[0m");
  });
});

describe("eject", () => {
  it("hands a file over to the user: it is not written until it is adopted, with its edits merged", async () => {
    using folders = await editedProject();
    const before = read(folders, STACK);
    expect(await runCli(folders, "eject", STACK, "--dry-run")).toMatchObject({
      code: 0,
      stdout: `would be yours  ${STACK}\n`,
    });
    expect(read(folders, STACK)).toBe(before);
    expect(await runCli(folders, "eject", STACK)).toMatchObject({ code: 0, stderr: "" });
    const ejected = read(folders, STACK);
    expect(ejected).toMatch(/^# Yours since `glitchtip-compose eject`/);
    expect(existsSync(join(folders.project, ".env"))).toBe(false);
    expect((await runCli(folders, "eject", STACK)).stdout).toBe(`yours already  ${STACK}\n`);

    const { code, stderr } = await runCli(folders, "render");
    expect([code, stderr]).toEqual([0, expect.stringContaining(`render --adopt ${STACK}`)]);
    expect(read(folders, STACK)).toBe(ejected);

    expect(await runCli(folders, "render", "--adopt", `./${STACK}`)).toMatchObject({ code: 0, stderr: "" });
    expect(read(folders, STACK)).toMatch(/^# Made by glitchtip-compose/);
    expect(read(folders, STACK)).toContain("mem_limit: 1g");
    expect(read(folders, STACK)).toContain("glitchtip-worker:");
  });

  it("without a name ejects all files, and a deleted file is made again", async () => {
    using folders = await editedProject();
    const { stdout } = await runCli(folders, "eject", "--json");
    expect(JSON.parse(stdout).ejected).toEqual(expect.arrayContaining([STACK, ".glitchtip/gate.py"]));
    expect(JSON.parse((await runCli(folders, "plan", "--json")).stdout)).toMatchObject({ changes: "unknown" });
    writeFileSync(join(folders.project, ".glitchtip/gate.py"), "");
    expect((await runCli(folders, "render", "--json")).stdout).toContain('"created":[".glitchtip/gate.py"]');
  });

  it.each([["eject"], ["render", "--adopt"]])(
    "%s names a file that is not managed, with what may be meant",
    async (...words) => {
      using folders = cliFolders();
      await runCli(folders, "init");
      const { code, stderr } = await runCli(folders, ...words, "compose.overide.yaml");
      expect(code).toBe(2);
      expect(stderr).toMatch(/^error GC1001: no managed file: .*; did you mean "compose\.override\.yaml"\?$/m);
    },
  );
});
