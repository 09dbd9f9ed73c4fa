import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { renderEnvFile } from "../../src/outputs/env-file.ts";
import { describeInShells, findProgram, SHELLS, type Shell } from "../support/shells.ts";

const source = new URL("../../templates/with-dsn", import.meta.url).pathname;
const root = mkdtempSync(join(tmpdir(), "with-dsn-"));
// Readable for nobody too: the test of an unreadable file changes its user.
chmodSync(root, 0o755);
const wrapper = join(root, "with-dsn");
copyFileSync(source, wrapper);
chmodSync(wrapper, 0o755);
afterAll(() => rmSync(root, { recursive: true, force: true }));

const tool = (name: string): string => {
  const path = findProgram(name);
  if (path === undefined) throw new Error(`these tests need ${name}`);
  return path;
};
const [sh, cat, env] = [tool("sh"), tool("cat"), tool("env")];

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(root, "dsn-"));
  chmodSync(folder, 0o755);
});

/** What a provisioner does: whole under another name, then renamed. */
function publish(app: string, variables: Record<string, string>): void {
  const temporary = join(folder, `.${app}.tmp`);
  writeFileSync(temporary, renderEnvFile(variables), { mode: 0o444 });
  renameSync(temporary, join(folder, `${app}.env`));
}

interface Start {
  readonly env?: Record<string, string>;
  readonly input?: string;
  readonly uid?: number;
}

interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

const BASE = { PATH: process.env.PATH ?? "" };

function begin(argv: readonly string[], { env = {}, uid }: Start = {}): ChildProcessWithoutNullStreams {
  const [program, ...args] = argv;
  if (program === undefined) throw new Error("nothing to start");
  const child = spawn(program, args, {
    cwd: "/",
    env: { ...BASE, ...env },
    ...(uid === undefined ? {} : { uid, gid: uid }),
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  return child;
}

async function ended(child: ChildProcessWithoutNullStreams, input = ""): Promise<Ended> {
  const [stdout, stderr]: Buffer[][] = [[], []];
  child.stdout.on("data", (chunk: Buffer) => stdout?.push(chunk));
  child.stderr.on("data", (chunk: Buffer) => stderr?.push(chunk));
  child.stdin.on("error", () => {}).end(input);
  const [code, signal] = (await once(child, "close")) as [number | null, NodeJS.Signals | null];
  return { code, signal, stdout: String(Buffer.concat(stdout ?? [])), stderr: String(Buffer.concat(stderr ?? [])) };
}

const run = (argv: readonly string[], start: Start = {}): Promise<Ended> => ended(begin(argv, start), start.input);

/** The environment as the app has it. The shell's own four are no business of the wrapper: any shell in front sets them. */
async function environment(argv: readonly string[], start: Start = {}): Promise<Record<string, string>> {
  const { code, stdout, stderr } = await run([...argv, cat, "/proc/self/environ"], start);
  if (code !== 0) throw new Error(`ended with ${code}: ${stderr}`);
  const entries = stdout.split("\0").slice(0, -1);
  return Object.fromEntries(
    entries
      .map((entry): [string, string] => {
        const at = entry.indexOf("=");
        return [entry.slice(0, at), entry.slice(at + 1)];
      })
      .filter(([name]) => !["PWD", "OLDPWD", "SHLVL", "_"].includes(name)),
  );
}

/** A PATH with these programs alone; a text is a script. */
function pathWith(programs: readonly string[], scripts: Record<string, string> = {}): string {
  const path = mkdtempSync(join(root, "path-"));
  for (const name of programs) symlinkSync(tool(name), join(path, name));
  for (const [name, text] of Object.entries(scripts)) {
    writeFileSync(join(path, name), `#!${sh}\n${text}\n`, { mode: 0o755 });
  }
  return path;
}

async function announcement(child: ChildProcessWithoutNullStreams): Promise<string> {
  const [chunk] = (await once(child.stderr, "data")) as [Buffer];
  return String(chunk);
}

const ODD = {
  "spring.datasource.url": "jdbc:postgresql://db/x?a=b&c=d",
  "Log:Level": "Debug",
  "A-B": "line\nline\n",
  "-i": "looks like an option",
  "1ST": "'\"$(id)`id`\\",
  "discovery.type": "",
  ümlaut: "é",
};

describeInShells((shell) => {
  const wrapped = (...args: string[]): string[] => [...shell.argv, wrapper, "--dir", folder, ...args];

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

    it("lets the file win over the app's own value", async () => {
      publish("api", { SENTRY_DSN: "from the file", "spring.sentry.dsn": "from the file" });
      const own = { SENTRY_DSN: "own", "spring.sentry.dsn": "own", "other.one": "own" };
      expect(await environment(wrapped("api"), { env: own })).toEqual({
        ...BASE,
        SENTRY_DSN: "from the file",
        "spring.sentry.dsn": "from the file",
        "other.one": "own",
      });
    });

    it("hands over names that a shell changes or refuses", async () => {
      const variables = { UID: "1", IFS: ",", BASH_VERSINFO: "x", SENTRY_DSN: "y", _gtc_file: "z" };
      publish("api", variables);
      expect(await environment(wrapped("api"))).toEqual({ ...BASE, ...variables });
    });

    it("becomes the app: same process", async () => {
      const child = begin(wrapped("api", "--", sh, "-c", "echo $$"));
      expect((await ended(child)).stdout).toBe(`${child.pid}\n`);
    });

    it("becomes the app also when a name needs env", async () => {
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

    it("passes arguments unharmed", async () => {
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

    it("leaves nothing of its own where the shell exports all that a script sets", async () => {
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

    it("takes them from a busybox where it is told of one", async ({ skip }) => {
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

    it("waits with its busybox where the image has no sleep", async ({ skip }) => {
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

    it("takes a folder in the file's place for no file", async () => {
      mkdirSync(join(folder, "api.env"));
      expect((await run(wrapped("--wait", "0", "api", "true"))).code).toBe(78);
    });

    it("starts the app with the variables empty where that is the policy, and warns", async () => {
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

    it("says every 10 s that it still waits", async ({ skip }) => {
      if (shell.hasOwnTools) skip("sleep is inside this shell: it would take 20 s");
      const path = pathWith(["tr"], { sleep: "exit 0" });
      const { stderr } = await run(wrapped("--wait", "25", "api", "true"), { env: { PATH: path } });
      expect([...stderr.matchAll(/\((\d+) of 25 s\)/g)].map(([, seconds]) => seconds)).toEqual(["0", "10", "20"]);
    });

    it("waits in whole seconds where sleep knows no fractions", async ({ skip }) => {
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

    it("starts the app all the same where that is the policy", async () => {
      const options = ["--on-failure", "start-without-reporting", "--variables", "SENTRY_DSN"];
      expect(await run(wrapped(...options, "api", sh, "-c", 'echo "<$SENTRY_DSN>"'), uid)).toMatchObject({
        code: 0,
        stdout: "<>\n",
      });
    });
  });

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
    const plain = join(root, "with-dsn-0444");
    copyFileSync(source, plain);
    chmodSync(plain, 0o444);
    const starts = [[wrapper], ...SHELLS.map(({ argv }: Shell) => [...argv, plain])];
    for (const start of starts) {
      expect((await run([...start, "--dir", folder, "api", "true"])).code).toBe(0);
    }
  });

  it("is a script of less than 80 lines in ASCII, so that it fits into an inline config", () => {
    const text = readFileSync(source, "utf8");
    expect(text.split("\n").length - 1).toBeLessThan(80);
    expect(text).toMatch(/^#!\/bin\/sh\n[\n -~]*$/);
  });
});
