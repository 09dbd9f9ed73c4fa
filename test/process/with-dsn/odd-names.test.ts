import { beforeEach, describe, expect, it } from "vitest";
import { describeInShells, findProgram } from "../../support/shells.ts";
import {
  announcement,
  begin,
  cat,
  ended,
  env,
  environment,
  freshFolders,
  ODD,
  pathWith,
  publish,
  run,
  wrappedIn,
} from "./wrapper.ts";

freshFolders();

describeInShells((shell) => {
  const wrapped = wrappedIn(shell);

  describe("without the tools that keep odd names", () => {
    beforeEach(() => publish("api", { SENTRY_DSN: "dsn" }));

    it("refuses to lose the byte 0x01, which stands in for a newline", async ({ skip }) => {
      if (shell.keepsOddNames) skip("bash needs no tool");
      const own = { "a.b": "two\nlines", OTHER: "\u0001" };
      expect(await run(wrapped("api", "true"), { env: own })).toMatchObject({
        code: 78,
        stderr: expect.stringContaining("a.b"),
      });
      expect(await environment(wrapped("api"), { env: { ...own, "a.b": "one line" } })).toMatchObject({
        "a.b": "one line",
        OTHER: "\u0001",
      });
    });

    it("starts an app without odd names where there is no tr", async () => {
      const own = { PATH: pathWith([]), TEXT: "two\nlines\n", LAST: "\n" };
      expect(await environment(wrapped("api"), { env: own })).toEqual({ ...own, SENTRY_DSN: "dsn" });
    });

    it("ends with 78 and says so where there is an odd name but no tr", async ({ skip }) => {
      if (shell.hasOwnTools || shell.keepsOddNames) skip("this shell needs no tr of the image");
      for (const [name, value] of Object.entries(ODD)) {
        const own = { PATH: pathWith(["env"]), BASH_VERSION: "not really", [name]: value };
        expect(await run(wrapped("api", env), { env: own })).toMatchObject({
          code: 78,
          stdout: "",
          stderr: expect.stringContaining("tr"),
        });
      }
    });

    it("ends with 78 and says so where only env could set a variable but is missing", async ({ skip }) => {
      if (shell.hasOwnTools) skip("this shell needs no env of the image");
      publish("api", { "spring.sentry.dsn": "dsn" });
      expect(await run(wrapped("api", cat), { env: { PATH: pathWith(["tr"]) } })).toMatchObject({
        code: 78,
        stderr: expect.stringContaining("spring.sentry.dsn"),
      });
    });

    it("uses the tools of a given busybox", async ({ skip }) => {
      const busybox = findProgram("busybox");
      if (busybox === undefined) return skip("no busybox on this machine (apt-get install busybox-static)");
      publish("api", { SENTRY_DSN: "dsn", "spring.sentry.dsn": "dsn" });
      const own = { PATH: pathWith([]), ...ODD };
      expect(await environment(wrapped("--busybox", busybox, "api"), { env: own })).toEqual({
        ...own,
        SENTRY_DSN: "dsn",
        "spring.sentry.dsn": "dsn",
      });
    });

    it("waits with the given busybox where the image has no sleep", async ({ skip }) => {
      const busybox = findProgram("busybox");
      if (busybox === undefined) return skip("no busybox on this machine (apt-get install busybox-static)");
      const child = begin(wrapped("--busybox", busybox, "late", cat, "/proc/self/environ"), {
        env: { PATH: pathWith([]) },
      });
      const waiting = ended(child);
      await announcement(child);
      publish("late", { SENTRY_DSN: "dsn" });
      expect(await waiting).toMatchObject({ code: 0, stdout: expect.stringContaining("SENTRY_DSN=dsn") });
    });

    it("ends with 78 where env would take the command for a variable", async () => {
      publish("api", { "spring.sentry.dsn": "dsn" });
      expect(await run(wrapped("api", "./a=b"))).toMatchObject({
        code: 78,
        stderr: expect.stringContaining("./a=b"),
      });
    });
  });
});
