import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { retry } from "../../src/base/retry.ts";
import { systemClock } from "../../src/base/wait.ts";
import { memoryPercent, readSupervised, restartSupervised } from "../../src/care/supervised.ts";
import { findProgram } from "../support/shells.ts";

const python = findProgram("python3");
const SOURCE = readFileSync(new URL("../../templates/care/supervise.py", import.meta.url), "utf8");
const context = { clock: systemClock, signal: new AbortController().signal };

describe.skipIf(python === undefined)("supervise.py", () => {
  let folder: string;
  let child: ChildProcess | undefined;
  let said = "";
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "supervise-"));
    writeFileSync(join(folder, "supervise.py"), SOURCE.replaceAll("/run/glitchtip-care", folder));
  });
  afterEach(async () => {
    child?.kill("SIGKILL");
    rmSync(folder, { recursive: true, force: true });
  });

  /** Runs a shell script under it. */
  function start(script: string, more: NodeJS.ProcessEnv = {}): Promise<number | null> {
    said = "";
    const command = [python ?? "", "-I", "-S", join(folder, "supervise.py"), "web", "sh", "-c", script];
    const closed = 'umask 077; exec "$@"';
    const started = spawn("sh", ["-c", closed, "sh", ...command], { env: { ...process.env, ...more } });
    child = started;
    for (const stream of [started.stdout, started.stderr]) stream.on("data", (chunk) => (said += String(chunk)));
    return new Promise((resolve) => started.once("close", (code) => resolve(code)));
  }
  const until = <T>(attempt: () => T | undefined) =>
    retry({
      ...context,
      deadlineMs: 20_000,
      pauseMs: { first: 20, longest: 200 },
      attempt: async () => attempt(),
      late: () => new Error(said) as never,
    });
  const saying = (word: string) => until(() => (said.includes(word) ? true : undefined));
  const told = () => until(() => readSupervised(folder, "web"));

  it.each([
    ["exit 7", 7],
    ["kill -9 $$", 137],
    ["exec /nowhere/program", 127],
  ])("ends as its process ends: %s", async (script, code) => {
    expect(await start(script)).toBe(code);
  });

  it("withdraws its offer when it ends: nobody asks it any more, and no request is executed later", async () => {
    const ended = start("exec sleep 30");
    await told();
    child?.kill("SIGTERM");
    expect(await ended).toBe(143);
    expect(readSupervised(folder, "web")).toBeUndefined();
    const late = { ...context, signal: AbortSignal.timeout(500) };
    await expect(restartSupervised(folder, "web", 5, late)).rejects.toThrow();
    expect(existsSync(join(folder, "web.restart"))).toBe(false);
  });

  it.each(["SIGTERM", "SIGINT", "SIGHUP", "SIGUSR1"] as const)(
    "passes %s on, and ends when the process does",
    async (name) => {
      const ended = start(`trap 'echo got; exit 3' ${name.slice(3)}; echo up; while :; do sleep 0.05; done`);
      await saying("up");
      child?.kill(name);
      expect(await ended).toBe(3);
      expect(said).toContain("got");
    },
  );

  it("reports on its process and on the memory of the container", async () => {
    start("exec sleep 30");
    const state = await told();
    expect(state).toMatchObject({ last: null, aliveAgo: null, pid: expect.any(Number) });
    expect(state.memoryBytes ?? 1).toBeGreaterThan(0);
    expect(memoryPercent(state) ?? 0).toBeLessThanOrEqual(100);
  });

  it("reports the memory of its own process with its children, and of all programs", async () => {
    start("sleep 30 & exec sleep 30", { GLITCHTIP_CARE_SHARED: "1" });
    const { memoryBytes, containerBytes } = await told();
    expect(memoryBytes ?? 0).toBeGreaterThan(10_000);
    expect(memoryBytes ?? 0).toBeLessThan(20_000_000);
    expect(containerBytes ?? 20_000_000).toBeGreaterThanOrEqual(memoryBytes ?? 0);
  });

  it("does not execute requests from before its own start", async () => {
    writeFileSync(join(folder, "web.restart"), JSON.stringify({ id: "old", graceSeconds: 5 }));
    start("exec sleep 30");
    const { pid } = await told();
    const { last } = await restartSupervised(folder, "web", 5, context);
    expect(last.pidBefore).toBe(pid);
    expect(said.match(/restart asked for/g)).toHaveLength(1);
  });

  it("can be read by another user, though its own files cannot", async () => {
    start("exec sleep 30");
    await told();
    expect(statSync(join(folder, "web.json")).mode & 0o777).toBe(0o644);
  });

  it("restarts when asked, the children too, and says with which PIDs", async () => {
    start("echo run; sleep 31.5 & echo child $!; wait");
    await told();
    const [, orphan = ""] = /child (\d+)/.exec(said) ?? [];
    const { last } = await restartSupervised(folder, "web", 5, context);
    expect(last.pidAfter).not.toBe(last.pidBefore);
    expect(last).toMatchObject({ killed: false, exitCode: 143 });
    expect(said.match(/^run$/gm)).toHaveLength(2);
    await until(() => (isThere(orphan) ? undefined : true));
    expect(existsSync(join(folder, "web.restart"))).toBe(false);
  });

  it("kills a process that does not end in its time", async () => {
    start("trap '' TERM; echo up; while :; do sleep 0.05; done");
    await saying("up");
    const { last } = await restartSupervised(folder, "web", 1, context);
    expect(last).toMatchObject({ killed: true, exitCode: 137 });
  });

  it("starts nothing after it was stopped in the middle of a restart", async () => {
    const ended = start("trap 'echo ending; sleep 1; exit 5' TERM; echo up; while :; do sleep 0.05; done");
    await saying("up");
    const asked = restartSupervised(folder, "web", 10, { ...context, signal: AbortSignal.timeout(5_000) }).catch(
      () => "late",
    );
    await saying("ending");
    child?.kill("SIGTERM");
    expect(await ended).toBe(5);
    expect(said.match(/up/g)).toHaveLength(1);
    expect(await asked).toBe("late");
  });

  it("ignores a request that is half written or invalid, and executes the next one", async () => {
    start("exec sleep 30");
    const { pid } = await told();
    writeFileSync(join(folder, "draft"), '{"id": 1');
    renameSync(join(folder, "draft"), join(folder, "web.restart"));
    const { last } = await restartSupervised(folder, "web", 5, context);
    expect(last.pidBefore).toBe(pid);
  });
});

function isThere(pid: string): boolean {
  try {
    // A zombie that nobody waits for is gone, too.
    return !/^State:\tZ/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}
