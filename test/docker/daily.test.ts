import { spawn } from "node:child_process";
import { tmpdir } from "node:os";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { built } from "../support/built.ts";
import { needsScript, startOnTerminal } from "../support/cli-process.ts";
import { describeOnEngine } from "./support/engine.ts";
import { Stack } from "./support/stack.ts";
import { until } from "./support/until.ts";

const DECLARATION = `version: 1
server: {image: "glitchtip/glitchtip:6", topology: split, valkey: bundled}
admin: {email: admin@example.com}
organization: Acme
projects: {shop: {}}
apps: {}
`;

describeOnEngine("daily work on a running stack", () => {
  let stack: Stack;
  const cli = (...args: string[]) => stack.project.cli(args);
  const json = async (...args: string[]) => JSON.parse((await cli(...args, "--json")).stdout);

  beforeAll(async () => {
    stack = await Stack.in({ "glitchtip.yaml": DECLARATION });
    await stack.init();
    await stack.up();
  });
  afterAll(async () => {
    await stack[Symbol.asyncDispose]();
  });

  it("psql is signed in, takes its words as they are, and its exit code is ours", async () => {
    const asked = await cli("psql", "-At", "-c", `select 'a "b" $c', current_user`);
    expect(asked).toMatchObject({ code: 0, stdout: `a "b" $c|glitchtip\n` });
    expect(await cli("psql", "-c", "select nothing")).toMatchObject({ code: 1, stdout: "" });
    const piped = await stack.project.cli(["psql", "-At"], { stdin: "select 6 * 7" });
    expect(piped).toMatchObject({ code: 0, stdout: "42\n" });
    const file = await stack.project.cli(["psql", "-At", "-f", "-"], { stdin: "select 6 * 7" });
    expect(file).toMatchObject({ code: 0, stdout: "42\n" });
  });

  it("with --json what a program said is data", async () => {
    const { stdout } = await cli("--json", "psql", "-At", "-c", "select 1");
    expect(JSON.parse(stdout)).toEqual({ service: "glitchtip-db", exitCode: 0, stdout: "1\n", stderr: "" });
  });

  it("manage has the environment of GlitchTip's own processes, and flags pass through unchanged", async () => {
    expect(await cli("manage", "check")).toMatchObject({ code: 0, stdout: expect.stringContaining("no issues") });
    const migrated = await cli("manage", "migrate", "--noinput");
    expect(migrated).toMatchObject({ code: 0, stdout: expect.stringContaining("No migrations to apply") });
    const unknown = await cli("manage", "--json", "--help");
    expect(unknown).toMatchObject({ code: 1, stderr: expect.stringContaining("Unknown command: '--json'") });
  });

  it("redis-cli and valkey-cli speak with Valkey", async () => {
    expect(await cli("redis-cli", "ping")).toMatchObject({ code: 0, stdout: "PONG\n" });
    expect(await cli("valkey-cli", "set", "a", "b c")).toMatchObject({ code: 0, stdout: "OK\n" });
  });

  it("shell runs a script or one command in any service, by its name or its part's", async () => {
    const script = await stack.project.cli(["shell", "db"], { stdin: "echo from $(id -u); exit 7" });
    expect(script).toMatchObject({ code: 7, stdout: "from 999\n" });
    expect(await cli("shell", "web", "printf", "%s|", "a b", "--json")).toMatchObject({ stdout: "a b|--json|" });
    const nowhere = await cli("shell", "wob");
    expect(nowhere).toMatchObject({ code: 2, stderr: expect.stringContaining('did you mean "web"?') });
  });

  it("what is stopped with TERM stops in the container as well", async () => {
    const child = spawn(process.execPath, [built("cli.mjs"), "shell", "db", "sleep", "4711"], {
      cwd: stack.project.dir,
      stdio: "ignore",
    });
    const ended = new Promise<number | null>((done) => child.once("close", done));
    const sleeps = async () =>
      (await stack.exec("glitchtip-db", "sh", "-c", "cat /proc/[0-9]*/comm | grep -c '^sleep$'")).stdout;
    await until("it sleeps", async () => ((await sleeps()).trim() === "1" ? true : undefined), 20_000);
    child.kill("SIGTERM");
    expect(await ended).toBe(143);
    expect((await sleeps()).trim()).toBe("0");
  });

  describe("on a terminal", () => {
    const terminal = (...words: string[]) => {
      const { PATH: _, ...env } = process.env as Record<string, string>;
      return startOnTerminal({ project: stack.project.dir, temporary: tmpdir(), env }, ...words);
    };

    it("Ctrl-C in psql ends the statement, not the session", async ({ skip }) => {
      needsScript(skip);
      await using psql = terminal("psql");
      await psql.says("glitchtip=#");
      psql.type("select pg_sleep(300);\n");
      await until("the statement runs", async () => {
        const { stdout } = await cli("psql", "-Atc", "select 1 from pg_stat_activity where query ~ '^select pg_sleep'");
        return stdout.trim() === "1" ? true : undefined;
      });
      psql.type("\u0003");
      await psql.says("canceling statement due to user request");
      psql.type("\\q\n");
      expect((await psql.ended).code).toBe(0);
    });

    it("Ctrl-C in a shell ends its program, and the shell's own end is ours", async ({ skip }) => {
      needsScript(skip);
      await using shell = terminal("shell", "web");
      // What runs says so itself: bash may overlook a Ctrl-C between two commands of a line.
      shell.type("sh -c 'echo ready $((40 + 2)); exec sleep 300'\n");
      await shell.says("ready 42");
      shell.type("\u0003");
      // Before its next prompt bash may drop what is typed.
      await shell.says(/\^C[^$]*\$ /);
      shell.type("echo still $((1 + 1)); exit 7\n");
      await shell.says("still 2");
      expect((await shell.ended).code).toBe(7);
    });

    it("Ctrl-C ends logs that are followed, with 130", async ({ skip }) => {
      needsScript(skip);
      await using logs = terminal("logs", "web", "--follow");
      await logs.says("glitchtip ");
      logs.type("\u0003");
      expect((await logs.ended).code).toBe(130);
    });
  });

  it("logs are one view in the order of time, and --errors shows failures with what belongs to them", async () => {
    await cli("psql", "-c", "select * from no_such_table");
    const { stdout } = await cli("logs", "--json");
    const lines = stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(new Set(lines.map(({ service }) => service)).size).toBeGreaterThan(3);
    expect(lines.map(({ at }) => at)).toEqual(lines.map(({ at }) => at).sort());
    const errors = (await cli("logs", "db", "--errors", "--since", "1h")).stdout;
    expect(errors).toContain('relation "no_such_table" does not exist');
    expect(errors).toContain("STATEMENT:  select * from no_such_table");
    expect(errors).not.toContain("database system is ready");
  });

  it("migrate runs GlitchTip's own script and says what it did", async () => {
    expect(await json("migrate")).toEqual({ migrated: true, applied: [] });
  });

  it("restart takes web and worker, and the worker along with its database; no one-shot runs again", async () => {
    const before = await stack.containers();
    const { restarted } = await json("restart", "db");
    expect(restarted.map(({ service, health }: { service: string; health: string }) => [service, health])).toEqual([
      ["glitchtip-db", "healthy"],
      ["glitchtip", "healthy"],
      ["glitchtip-worker", "healthy"],
    ]);
    const after = await stack.containers();
    const started = (of: typeof before, name: string) => of.get(name)?.State.StartedAt;
    expect(started(after, "glitchtip-worker")).not.toBe(started(before, "glitchtip-worker"));
    expect(started(after, "glitchtip-init")).toBe(started(before, "glitchtip-init"));
    expect(await cli("restart", "migrate")).toMatchObject({ code: 2, stderr: expect.stringContaining("runs once") });
  });

  it("status tells memory and disk, and leaves no error in the database's log", async () => {
    const errors = async () => (await cli("logs", "db", "--errors", "--tail", "all")).stdout;
    const before = await errors();
    const { resources, state } = await json("status");
    expect(await errors()).toBe(before);
    expect(state).toBe("ok");
    const web = resources.memory.find(({ service }: { service: string }) => service === "glitchtip");
    expect(web.limitBytes).toBe(512 * 1024 * 1024);
    expect(web.usedBytes).toBeGreaterThan(1024 * 1024);
    expect(resources.disk.databaseBytes).toBeGreaterThan(1024 * 1024);
  });
});
