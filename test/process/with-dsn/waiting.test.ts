import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { renderEnvFile } from "../../../src/outputs/env-file.ts";
import { describeInShells } from "../../support/shells.ts";
import {
  announcement,
  BASE,
  begin,
  ended,
  environment,
  folder,
  freshFolders,
  pathWith,
  publish,
  run,
  sh,
  wrappedIn,
} from "./wrapper.ts";

freshFolders();

describeInShells((shell) => {
  const wrapped = wrappedIn(shell);

  describe("without a file", () => {
    it("says at once what it waits for, and starts when the file comes", async () => {
      const child = begin(wrapped("--wait", "300", "api", sh, "-c", 'echo "$SENTRY_DSN"'));
      const done = ended(child);
      expect(await announcement(child)).toContain(join(folder, "api.env"));
      publish("api", { SENTRY_DSN: "late" });
      expect(await done).toMatchObject({ code: 0, stdout: "late\n" });
    });

    it("leaves no signal setting behind after waiting", async () => {
      const look = [sh, "-c", "ls /proc/self/fd; grep Sig[BCI] /proc/self/status"];
      const child = begin(wrapped("api", ...look));
      const done = ended(child);
      await announcement(child);
      publish("api", {});
      expect((await done).stdout).toBe((await run(look)).stdout);
    });

    it.each([
      ["SIGTERM", 143],
      ["SIGINT", 130],
      ["SIGHUP", 129],
      ["SIGQUIT", 131],
    ] as const)("ends on %s with %i while it waits", async (signal, code) => {
      const child = begin(wrapped("--wait", "300", "api", "true"));
      const done = ended(child);
      await announcement(child);
      child.kill(signal);
      expect(await done).toMatchObject({ code, signal: null });
    });

    it("ends with 78, the reason and the remedy after the deadline", async () => {
      const { code, stdout, stderr } = await run(wrapped("--wait", "1", "api", "echo", "started"));
      expect({ code, stdout }).toEqual({ code: 78, stdout: "" });
      expect(stderr).toContain(`${folder}/api.env did not come within 1 s`);
      expect(stderr).toContain("docker compose logs glitchtip-provision");
      expect(stderr).toContain("start-without-reporting");
    });

    it("does not wait at all with --wait 0", async () => {
      expect((await run(wrapped("--wait", "0", "api", "true"))).code).toBe(78);
    });

    it("treats a folder in the file's place as no file", async () => {
      mkdirSync(join(folder, "api.env"));
      expect((await run(wrapped("--wait", "0", "api", "true"))).code).toBe(78);
    });

    it("starts the app with empty variables and a warning where that is the policy", async () => {
      const options = ["--wait", "0", "--on-failure", "start-without-reporting", "--variables", "SENTRY_DSN,a.b"];
      const own = { SENTRY_DSN: "own", KEPT: "kept", "kept.too": "kept" };
      expect(await environment(wrapped(...options, "api"), { env: own })).toEqual({
        ...BASE,
        ...own,
        SENTRY_DSN: "",
        "a.b": "",
      });
      const { stderr } = await run(wrapped(...options, "api", "true"));
      expect(stderr).toContain("api starts without error reporting");
    });

    it("reports every 10 s that it still waits", async ({ skip }) => {
      if (shell.hasOwnTools) skip("sleep is inside this shell: it would take 20 s");
      const path = pathWith(["tr"], { sleep: "exit 0" });
      const { stderr } = await run(wrapped("--wait", "25", "api", "true"), { env: { PATH: path } });
      expect([...stderr.matchAll(/\((\d+) of 25 s\)/g)].map(([, seconds]) => seconds)).toEqual(["0", "10", "20"]);
    });

    it("waits in whole seconds where sleep does not accept fractions", async ({ skip }) => {
      if (shell.hasOwnTools) skip("sleep is inside this shell, and knows fractions");
      const naps = join(folder, "naps");
      const path = pathWith(["tr"], { sleep: `case $1 in *.*) exit 1 ;; esac; echo "$1" >>'${naps}'` });
      expect((await run(wrapped("--wait", "3", "api", "true"), { env: { PATH: path } })).code).toBe(78);
      expect(readFileSync(naps, "utf8")).toBe("1\n1\n1\n");
    });

    it("ends with the reason where there is no sleep", async ({ skip }) => {
      if (shell.hasOwnTools) skip("sleep is inside this shell");
      expect(await run(wrapped("api", "true"), { env: { PATH: pathWith(["tr"]) } })).toMatchObject({
        code: 78,
        stderr: expect.stringContaining("no sleep"),
      });
    });
  });

  describe("with a file that it cannot read", () => {
    const uid = process.getuid?.() === 0 ? { uid: 65534 } : {};
    beforeEach(() => {
      writeFileSync(join(folder, "api.env"), renderEnvFile({ SENTRY_DSN: "dsn" }));
      chmodSync(join(folder, "api.env"), 0);
    });

    it("ends with 78 and the reason, without waiting", async () => {
      expect(await run(wrapped("--wait", "300", "api", "true"), uid)).toMatchObject({
        code: 78,
        stdout: "",
        stderr: expect.stringMatching(/^with-dsn: no DSN for api: .*api\.env cannot be read.*0444/),
      });
    });

    it("starts the app anyway where that is the policy", async () => {
      const options = ["--on-failure", "start-without-reporting", "--variables", "SENTRY_DSN"];
      expect(await run(wrapped(...options, "api", sh, "-c", 'echo "<$SENTRY_DSN>"'), uid)).toMatchObject({
        code: 0,
        stdout: "<>\n",
      });
    });
  });
});
