import { execPath } from "node:process";
import { PassThrough, Readable, Writable } from "node:stream";
import { describe, expect, it } from "vitest";
import { CodedError } from "../../src/base/errors.ts";
import { type RunOptions, runProcess } from "../../src/base/process.ts";

const node = (program: string, options?: RunOptions) => runProcess(execPath, ["-e", program], options);

describe("a child process", () => {
  it("gives its exit code and what it wrote, whatever the code", async () => {
    expect(await node('console.log("out"); console.error("err"); process.exitCode = 7')).toEqual({
      code: 7,
      signal: null,
      stdout: "out\n",
      stderr: "err\n",
    });
  });

  it("gets its arguments as they are, without a shell", async () => {
    const odd = ["$HOME", "a b", "'\"", "*", "--", ""];
    const { stdout } = await runProcess(execPath, [
      "-e",
      "console.log(JSON.stringify(process.argv.slice(1)))",
      "x",
      ...odd,
    ]);
    expect(JSON.parse(stdout)).toEqual(["x", ...odd]);
  });

  it("reads what it is given on stdin, or nothing", async () => {
    const cat = "process.stdin.pipe(process.stdout)";
    expect((await node(cat, { stdin: "größe\n" })).stdout).toBe("größe\n");
    expect((await node(cat)).stdout).toBe("");
  });

  it("takes a stream and gives one, of any size, with nothing captured", async () => {
    const to = new PassThrough();
    const bytes = async () => {
      let count = 0;
      for await (const chunk of to) count += (chunk as Buffer).length;
      return count;
    };
    const from = Readable.from(
      (function* () {
        for (let i = 0; i < 300; i++) yield Buffer.alloc(100_000);
      })(),
    );
    const [done, count] = await Promise.all([
      node("process.stdin.pipe(process.stdout)", { stdinFrom: from, stdoutTo: to, stdoutLimitBytes: 1 }),
      bytes(),
    ]);
    expect([done.code, done.stdout, count]).toEqual([0, "", 30_000_000]);
  });

  it("is stopped when its output cannot be taken, or what it reads breaks off", async () => {
    const full = new Writable({ write: (_, __, done) => done(new Error("no space")) });
    await expect(node("setInterval(() => console.log(1), 10)", { stdoutTo: full })).rejects.toThrow("no space");
    const broken = new Readable({ read: () => {} });
    const reading = node("process.stdin.resume()", { stdinFrom: broken });
    broken.destroy(new Error("unreadable"));
    await expect(reading).rejects.toThrow("unreadable");
    expect(await node("process.exit(3)", { stdinFrom: Readable.from([Buffer.alloc(5_000_000)]) })).toMatchObject({
      code: 3,
    });
  });

  it("may end without reading its stdin", async () => {
    expect(await node("process.exit(3)", { stdin: "x".repeat(1_000_000) })).toMatchObject({ code: 3 });
  });

  it("sees the environment that is handed in and no other", async () => {
    const { stdout } = await node("console.log(JSON.stringify(process.env))", { env: { ONLY: "this" } });
    expect(JSON.parse(stdout)).toMatchObject({ ONLY: "this" });
    expect(JSON.parse(stdout)).not.toHaveProperty("HOME");
  });

  it("is heard line by line, also where a line or a character comes in two parts", async () => {
    const lines: string[] = [];
    const program = `const b = Buffer.from("ein ü\\r\\nzwei"); process.stdout.write(b.subarray(0, 5));
      setTimeout(() => process.stdout.write(b.subarray(5)), 20)`;
    const { stdout } = await node(program, { onStdoutLine: (line) => lines.push(line) });
    expect(lines).toEqual(["ein ü", "zwei"]);
    expect(stdout).toBe("");
  });

  it("keeps the end of a long stderr", async () => {
    const program = 'for (let i = 0; i < 1000; i++) console.error("line " + i)';
    const { stderr } = await node(program, { stderrLimitBytes: 100 });
    expect(stderr).toHaveLength(100);
    expect(stderr).toMatch(/line 999\n$/);
  });

  it("is stopped when it writes more than is wanted", async () => {
    const endless = 'setInterval(() => process.stdout.write("x".repeat(10000)), 1)';
    await expect(node(endless, { stdoutLimitBytes: 50_000 })).rejects.toMatchObject({ code: "GC1605" });
  });

  it("is stopped at its deadline", async () => {
    await expect(node("setInterval(() => {}, 1000)", { deadlineMs: 100 })).rejects.toMatchObject({
      code: "GC1605",
      message: expect.stringContaining("did not finish within"),
    });
  });

  it("is stopped by the signal, with TERM first, and the signal's reason is thrown", async () => {
    const stop = new AbortController();
    const reason = new CodedError("GC1003", "stopped by SIGINT");
    const lines: string[] = [];
    const program =
      'process.on("SIGTERM", () => { console.log("bye"); process.exit(0) }); console.log("up"); setInterval(() => {}, 1000)';
    const run = node(program, {
      signal: stop.signal,
      onStdoutLine: (line) => {
        lines.push(line);
        stop.abort(reason);
      },
    });
    await expect(run).rejects.toBe(reason);
    expect(lines).toEqual(["up", "bye"]);
  });

  it("is killed when it ignores TERM", async () => {
    const stop = new AbortController();
    const program = 'process.on("SIGTERM", () => {}); console.log("up"); setInterval(() => {}, 1000)';
    const run = node(program, {
      signal: stop.signal,
      graceMs: 50,
      onStdoutLine: () => stop.abort(new Error("enough")),
    });
    await expect(run).rejects.toThrow("enough");
  });

  it("is not started when the signal is aborted already", async () => {
    const signal = AbortSignal.abort(new Error("too late"));
    await expect(runProcess("/nonexistent", [], { signal })).rejects.toThrow("too late");
  });

  it("that is not installed is a coded error with its name", async () => {
    await expect(runProcess("no-such-program", [])).rejects.toMatchObject({
      code: "GC1606",
      message: "the program `no-such-program` was not found",
    });
  });

  it("in a folder that is not there says so, and not that the program is missing", async () => {
    await expect(node("0", { cwd: "/nonexistent" })).rejects.toMatchObject({
      code: "GC1606",
      message: expect.stringContaining("the folder /nonexistent does not exist"),
    });
  });
});
