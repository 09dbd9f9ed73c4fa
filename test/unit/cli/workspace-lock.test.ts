import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import type { Log } from "../../../src/base/log.ts";
import { systemClock } from "../../../src/base/wait.ts";
import type { CliContext } from "../../../src/cli/context.ts";
import { COMMANDS } from "../../../src/cli/registry/index.ts";
import { lockWorkspace } from "../../../src/cli/workspace-lock.ts";

let dir: string;
let told: string[];

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "workspace-lock-"));
  told = [];
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

function contextOf(signal = new AbortController().signal): CliContext {
  const say = (text: string) => void told.push(text);
  const log: Log = { info: say, warn: say, step: say, debug: () => {} };
  return {
    dir,
    env: {},
    log,
    clock: systemClock,
    signal,
    json: false,
    interactive: false,
    stdoutIsTerminal: false,
    print: say,
    setExitCode() {},
  };
}

describe("the lock of a workspace", () => {
  it("makes the second command wait, and names the first one and its process", async () => {
    const order: string[] = [];
    const first = await lockWorkspace(contextOf(), "secrets rotate db-password", 4711);
    const second = lockWorkspace(contextOf(), "up", 4712).then(async (lock) => {
      order.push("second");
      await lock[Symbol.asyncDispose]();
    });
    await expect.poll(() => told.join("\n")).toContain("glitchtip-compose secrets rotate db-password (process 4711)");
    order.push("first ends");
    await first[Symbol.asyncDispose]();
    await second;
    expect(order).toEqual(["first ends", "second"]);
  });

  it("ends with GC1406 at the deadline and says who holds it", async () => {
    await using _held = await lockWorkspace(contextOf(), "upgrade", 4711);
    let now = 0;
    const sleep = async () => {
      now += 5 * 60_000;
    };
    const clock = { now: () => now, sleep };
    await expect(lockWorkspace({ ...contextOf(), clock }, "down", 4712)).rejects.toMatchObject({
      code: "GC1406",
      message: expect.stringContaining("glitchtip-compose upgrade (process 4711)"),
    });
  });

  it("gives up when the command is interrupted", async () => {
    await using _held = await lockWorkspace(contextOf(), "up", 4711);
    const abort = new AbortController();
    const waiting = lockWorkspace(contextOf(abort.signal), "down", 4712);
    abort.abort(new Error("interrupted"));
    await expect(waiting).rejects.toThrow("interrupted");
  });

  it("lies outside of a workspace that cannot be written, and leaves nothing there", async () => {
    const outside = mkdtempSync(join(tmpdir(), "w-"));
    onTestFinished(() => rmSync(outside, { recursive: true, force: true }));
    vi.stubEnv("TMPDIR", outside);
    // Root may write into every folder, so a file is in the way.
    writeFileSync(join(dir, ".glitchtip"), "");
    const first = await lockWorkspace(contextOf(), "up", 4711);
    expect(readdirSync(outside)).toEqual([expect.stringMatching(/^glitchtip-compose-/)]);
    const second = lockWorkspace(contextOf(), "down", 4712);
    await expect.poll(() => told.join("\n")).toContain("glitchtip-compose up (process 4711)");
    await first[Symbol.asyncDispose]();
    await (await second)[Symbol.asyncDispose]();
    expect(readdirSync(outside)).toEqual([]);
  });

  it("takes over the lock of a process that was killed", async () => {
    const folder = join(dir, ".glitchtip/state/workspace");
    mkdirSync(folder, { recursive: true });
    const socket = join(folder, "lock-0123456789abcdef.sock");
    const program = `require("node:net").createServer().listen(${JSON.stringify(socket)}, () => console.log("up"))`;
    const holder = spawn(process.execPath, ["-e", program], { stdio: ["ignore", "pipe", "inherit"] });
    await once(holder.stdout, "data");
    holder.kill("SIGKILL");
    await once(holder, "exit");
    expect(existsSync(socket)).toBe(true);
    await using _lock = await lockWorkspace(contextOf(), "up", 4712);
    expect(existsSync(socket)).toBe(false);
    expect(told).toEqual([]);
  });

  it("lets one of ten at a time through, in a folder that has no .glitchtip", async () => {
    let inside = 0;
    let most = 0;
    const one = async (pid: number) => {
      await using _lock = await lockWorkspace(contextOf(), "init", pid);
      most = Math.max(most, ++inside);
      await new Promise((done) => setImmediate(done));
      inside--;
    };
    await Promise.all(Array.from({ length: 10 }, (_, pid) => one(pid)));
    expect(most).toBe(1);
    expect(existsSync(join(dir, ".glitchtip"))).toBe(false);
  });

  it("leaves what other files there are in .glitchtip", async () => {
    mkdirSync(join(dir, ".glitchtip/state"), { recursive: true });
    writeFileSync(join(dir, ".glitchtip/state/secrets.json"), "{}");
    await (await lockWorkspace(contextOf(), "up", 1))[Symbol.asyncDispose]();
    expect(existsSync(join(dir, ".glitchtip/state/secrets.json"))).toBe(true);
    expect(existsSync(join(dir, ".glitchtip/state/workspace"))).toBe(false);
  });
});

it("is held by every command that changes the workspace or its stack", () => {
  const changing = COMMANDS.flatMap(({ name, changes }) => (changes === undefined ? [] : [name]));
  expect(changing.toSorted()).toEqual([
    "add",
    "apply",
    "backup",
    "clean",
    "down",
    "eject",
    "import",
    "init",
    "lock",
    "migrate",
    "provision",
    "pull",
    "remove",
    "render",
    "restart",
    "restore",
    "rollback",
    "rotate",
    "secrets",
    "uninstall",
    "up",
    "upgrade",
  ]);
});
