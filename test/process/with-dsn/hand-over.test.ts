import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { describeInShells } from "../../support/shells.ts";
import {
  BASE,
  begin,
  cat,
  ended,
  environment,
  folder,
  freshFolders,
  ODD,
  publish,
  run,
  sh,
  wrappedIn,
  wrapper,
} from "./wrapper.ts";

freshFolders();

describeInShells((shell) => {
  const wrapped = wrappedIn(shell);

  describe("with a file that is there", () => {
    beforeEach(() => publish("api", { SENTRY_DSN: "http://key@host/1" }));

    it("gives the app the variables of its file and nothing of its own", async () => {
      const own = { HOME: "/root", TEXT: "two\nlines '\"\\ $(id) é\t\n", EMPTY: "" };
      expect(await environment(wrapped("api"), { env: own })).toEqual({
        ...BASE,
        ...own,
        SENTRY_DSN: "http://key@host/1",
      });
    });

    it("keeps variables of the app that are named like parts of a script", async () => {
      const names = "app file dir wait policy name names line count i pid n x environ command odd ifs nl why".split(
        " ",
      );
      const own = Object.fromEntries(names.map((name) => [name, `the app's ${name}`]));
      expect(await environment(wrapped("api"), { env: own })).toEqual({
        ...BASE,
        ...own,
        SENTRY_DSN: "http://key@host/1",
      });
    });

    it("keeps variables whose names are no identifiers", async () => {
      expect(await environment(wrapped("api"), { env: ODD })).toEqual({
        ...BASE,
        ...ODD,
        SENTRY_DSN: "http://key@host/1",
      });
    });

    it("overrides the app's own value with the file's", async () => {
      publish("api", { SENTRY_DSN: "from the file", "spring.sentry.dsn": "from the file" });
      const own = { SENTRY_DSN: "own", "spring.sentry.dsn": "own", "other.one": "own" };
      expect(await environment(wrapped("api"), { env: own })).toEqual({
        ...BASE,
        SENTRY_DSN: "from the file",
        "spring.sentry.dsn": "from the file",
        "other.one": "own",
      });
    });

    it("hands on names that a shell changes or refuses", async () => {
      const variables = { UID: "1", IFS: ",", BASH_VERSINFO: "x", SENTRY_DSN: "y", _gtc_file: "z" };
      publish("api", variables);
      expect(await environment(wrapped("api"))).toEqual({ ...BASE, ...variables });
    });

    describe("where a proxy is set", () => {
      const PROXY = { HTTP_PROXY: "http://proxy.example:3128" };
      const DSN = "http://key@glitchtip:8000/1";
      const exempt = async (variables: Record<string, string>, own: Record<string, string>) => {
        publish("api", variables);
        const { no_proxy, NO_PROXY } = await environment(wrapped("api"), { env: own });
        return [no_proxy, NO_PROXY];
      };

      it.each<[string, Record<string, string>, [string, string]]>([
        ["nothing", {}, ["glitchtip", "glitchtip"]],
        ["both lists", { no_proxy: "a,b", NO_PROXY: "c" }, ["a,b,glitchtip", "c,glitchtip"]],
        ["one list, which the other takes over", { NO_PROXY: "a" }, ["a,glitchtip", "a,glitchtip"]],
        ["lists that have the host", { no_proxy: "glitchtip,a", NO_PROXY: "*" }, ["glitchtip,a", "*"]],
        [
          "a host with a longer name",
          { no_proxy: "glitchtip-other" },
          ["glitchtip-other,glitchtip", "glitchtip-other,glitchtip"],
        ],
      ])("completes %s with the DSN's host", async (_, own, expected) => {
        for (const proxy of ["http_proxy", "HTTPS_PROXY", "all_proxy"]) {
          expect(await exempt({ SENTRY_DSN: DSN }, { [proxy]: "http://proxy:3128", ...own })).toEqual(expected);
        }
      });

      it("completes them with each host once, odd names of variables included", async () => {
        const variables = {
          SENTRY_DSN: DSN,
          A: "http://k@127.0.0.1:9/1",
          B: DSN,
          "spring.dsn": "http://k@localhost/1",
        };
        const hosts = "127.0.0.1,glitchtip,localhost";
        expect(await exempt(variables, PROXY)).toEqual([hosts, hosts]);
      });

      it.each(["https://key@errors.example.com/1", "http://key@[2001:db8::1]/1", ""])(
        "leaves them alone for %s, which the proxy may reach",
        async (dsn) => {
          expect(await exempt({ SENTRY_DSN: dsn }, { ...PROXY, NO_PROXY: "a" })).toEqual([undefined, "a"]);
        },
      );

      it("leaves them alone without a proxy", async () => {
        expect(await exempt({ SENTRY_DSN: DSN }, { HTTP_PROXY: "", NO_PROXY: "a" })).toEqual([undefined, "a"]);
      });
    });

    it("becomes the app, in the same process", async () => {
      const child = begin(wrapped("api", "--", sh, "-c", "echo $$"));
      expect((await ended(child)).stdout).toBe(`${child.pid}\n`);
    });

    it("becomes the app when a name needs env, too", async () => {
      const child = begin(wrapped("api", "--", sh, "-c", "echo $$"), { env: ODD });
      expect((await ended(child)).stdout).toBe(`${child.pid}\n`);
    });

    it.each([0, 1, 3, 77, 255])("ends with the app's exit code %i", async (code) => {
      expect(await run(wrapped("api", sh, "-c", `exit ${code}`))).toMatchObject({ code, stderr: "" });
    });

    it("ends with the app's signal", async () => {
      expect(await run(wrapped("api", sh, "-c", "kill -9 $$"))).toMatchObject({ code: null, signal: "SIGKILL" });
    });

    it.each([{}, ODD])("keeps 126 and 127 for a command that cannot be started", async (own) => {
      const plain = join(folder, "plain");
      writeFileSync(plain, "", { mode: 0o644 });
      expect((await run(wrapped("api", plain), { env: own })).code).toBe(126);
      expect((await run(wrapped("api", join(folder, "none")), { env: own })).code).toBe(127);
    });

    it("passes arguments unchanged", async () => {
      const args = ["", " a  b ", "*", "~", "$HOME", "new\nline\n", "'", '"', "\\", "--wait", "--", "é", "a=b"];
      for (const own of [{}, ODD]) {
        const { stdout } = await run(wrapped("api", "--", sh, "-c", 'printf "%s\\0" "$@"', "sh", ...args), {
          env: own,
        });
        expect(stdout.split("\0").slice(0, -1)).toEqual(args);
      }
    });

    it("passes stdin from its first byte to its last", async () => {
      expect((await run(wrapped("api", cat), { input: "one\ntwo\n" })).stdout).toBe("one\ntwo\n");
    });

    it("leaves no file descriptor and no signal setting behind", async () => {
      const look = [sh, "-c", "ls /proc/self/fd; grep Sig[BCI] /proc/self/status"];
      expect((await run(wrapped("api", ...look))).stdout).toBe((await run(look)).stdout);
    });

    it("writes no file", async () => {
      const limited = [sh, "-c", 'ulimit -f 0; exec "$@"', "sh", ...wrapped("api", cat, "/proc/self/stat")];
      expect((await run(limited, { env: ODD })).code).toBe(0);
    });

    it("works where the shell is started with -e and -u", async () => {
      const [program = "", ...options] = shell.argv;
      const strict = [program, ...options, "-eu", wrapper, "--dir", folder, "api"];
      expect(await environment(strict, { env: ODD })).toEqual({ ...BASE, ...ODD, SENTRY_DSN: "http://key@host/1" });
    });

    it("leaves nothing of its own where the shell exports every variable that a script sets", async () => {
      const [program = "", ...options] = shell.argv;
      const seen = await environment([program, ...options, "-a", wrapper, "--dir", folder, "api"], { env: ODD });
      expect(Object.keys(seen).filter((name) => name.startsWith("_gtc_"))).toEqual([]);
    });

    it("takes the folder from GLITCHTIP_DSN_DIR", async () => {
      const { code } = await run([...shell.argv, wrapper, "api", "true"], { env: { GLITCHTIP_DSN_DIR: folder } });
      expect(code).toBe(0);
    });

    it("starts with the old file or the new one while it is replaced, never with a mixture", async () => {
      for (let round = 0; round < 10; round++) {
        publish("api", { A: `${round}`, B: "x".repeat(50_000), C: `${round}` });
        const starting = environment(wrapped("api"));
        publish("api", { A: `new ${round}`, B: "y".repeat(50_000), C: `new ${round}` });
        const { A, C } = await starting;
        expect(A).toBe(C);
      }
    });
  });
});
