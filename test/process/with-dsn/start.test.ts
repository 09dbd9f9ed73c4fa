import { chmodSync, copyFileSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { describeInShells, SHELLS, type Shell } from "../../support/shells.ts";
import { folder, freshFolders, publish, run, source, wrappedIn, wrapper } from "./wrapper.ts";

freshFolders();

describeInShells((shell) => {
  const wrapped = wrappedIn(shell);

  it.each([
    ["no app", []],
    ["no command", ["api"]],
    ["no command after --", ["api", "--"]],
    ["an app that is a path", ["../api", "true"]],
    ["an unknown option", ["--now", "1", "api", "true"]],
    ["an option without a value", ["--wait"]],
    ["a time that is no number", ["--wait", "5m", "api", "true"]],
    ["a time that would be octal", ["--wait", "08", "api", "true"]],
    ["an unknown policy", ["--on-failure", "ignore", "api", "true"]],
    ["an empty name among the variables", ["--variables", "A,,B", "api", "true"]],
  ])("ends with 64 on %s", async (_, args) => {
    publish("api", {});
    expect(await run(wrapped(...args))).toMatchObject({
      code: 64,
      stdout: "",
      stderr: expect.stringMatching(/^with-dsn: ./),
    });
  });
});

describe("with-dsn", () => {
  it("can be started directly, and by busybox or sh without its x bit", async () => {
    publish("api", {});
    const plain = join(folder, "with-dsn-0444");
    copyFileSync(source, plain);
    chmodSync(plain, 0o444);
    const starts = [[wrapper], ...SHELLS.map(({ argv }: Shell) => [...argv, plain])];
    for (const start of starts) {
      expect((await run([...start, "--dir", folder, "api", "true"])).code).toBe(0);
    }
  });

  it("is a readable script in ASCII, so that it fits into an inline config", () => {
    const text = readFileSync(source, "utf8");
    expect(text.split("\n").filter((line) => line.length > 120)).toEqual([]);
    expect(text).toMatch(/^#!\/bin\/sh\n[\n -~]*$/);
  });
});
