import { mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { lineLog, silentLog } from "../../src/base/log.ts";
import { systemClock } from "../../src/base/wait.ts";
import { acquireLock } from "../../src/outputs/lock.ts";
import { startServer } from "../support/emulator.ts";
import {
  countsOf,
  expectedDsn,
  leftoversIn,
  ONE_OF_EACH,
  runProvisioner,
  startProvisioner,
  until,
} from "../support/provisioner-process.ts";
import { dsnOf, type Folders, hastyClock, temporaryFolders } from "../support/provisioning.ts";

const lockOf = (folder: string, deadlineMs = 20_000, signal = new AbortController().signal) =>
  acquireLock(folder, { clock: systemClock, signal, deadlineMs, log: silentLog });

/** A provisioner that was killed while it held the lock. */
async function leaveDeadHolder(folders: Folders): Promise<void> {
  await using emulator = await startServer();
  emulator.fault({ effect: { kind: "hang" } });
  await using holder = startProvisioner(emulator.url, folders);
  await until(holder, "its first request", () => emulator.requests.length > 0);
  holder.kill("SIGKILL");
  await holder.ended;
}

describe("eight provisioners at once on one server and one state folder", () => {
  it.each([
    { what: "a fresh folder", dead: false },
    { what: "a folder with the lock of a killed one", dead: true },
  ])("make one of everything and all succeed, in $what", async ({ dead }) => {
    using folders = temporaryFolders();
    if (dead) await leaveDeadHolder(folders);
    await using emulator = await startServer();
    const all = await Promise.all(Array.from({ length: 8 }, () => runProvisioner(emulator.url, folders)));
    expect(all.map(({ code }) => code)).toEqual(Array(8).fill(0));
    expect(countsOf(emulator)).toEqual(ONE_OF_EACH);
    expect(dsnOf(folders, "api")).toBe(expectedDsn(emulator));
    expect(leftoversIn(folders)).toEqual([]);
    // One worked, the others found nothing to do: nobody asked for what another was just making.
    expect(all.filter(({ stderr }) => stderr.includes("created organization"))).toHaveLength(1);
    expect(all.filter(({ stderr }) => stderr.includes("nothing to change"))).toHaveLength(7);
  });
});

describe("a provisioner beside another one", () => {
  it("takes the lock of a killed one over at once", async () => {
    using folders = temporaryFolders();
    await leaveDeadHolder(folders);
    await using emulator = await startServer();
    const { code, stderr } = await runProvisioner(emulator.url, folders);
    expect(code).toBe(0);
    expect(stderr).not.toContain("another provisioner");
    expect(leftoversIn(folders)).toEqual([]);
  });

  it("says that it waits, and goes on when the other is done", async () => {
    using folders = temporaryFolders();
    await using emulator = await startServer();
    const held = await lockOf(folders.state);
    await using waiting = startProvisioner(emulator.url, folders);
    await until(waiting, "its line", () => waiting.said !== "");
    expect(waiting.said).toBe("another provisioner is running here; waiting until it ends\n");
    expect(emulator.requests).toEqual([]);
    await held[Symbol.asyncDispose]();
    expect(await waiting.ended).toMatchObject({ code: 0 });
    expect(countsOf(emulator)).toEqual(ONE_OF_EACH);
  });

  it("gives up with GC1406 at its deadline and leaves the status to the other", async () => {
    using folders = temporaryFolders();
    await using emulator = await startServer();
    await using _held = await lockOf(folders.state);
    mkdirSync(folders.dsn);
    const { code, stderr } = await runProvisioner(emulator.url, folders, {
      env: { GLITCHTIP_READY_WITHIN_SECONDS: "1" },
    });
    expect(code).toBe(1);
    expect(stderr).toMatch(/^error GC1406: another provisioner has been running for 1 s/m);
    expect(emulator.requests).toEqual([]);
    expect(readdirSync(folders.dsn)).toEqual([]);
  });

  it("stops waiting on SIGTERM", async () => {
    using folders = temporaryFolders();
    await using emulator = await startServer();
    await using _held = await lockOf(folders.state);
    await using waiting = startProvisioner(emulator.url, folders);
    await until(waiting, "its line", () => waiting.said !== "");
    waiting.kill("SIGTERM");
    expect((await waiting.ended).code).toBe(130);
  });
});

describe("the lock", () => {
  it("is held by one at a time, whoever comes, and leaves nothing behind", async () => {
    using folders = temporaryFolders();
    let inside = 0;
    let most = 0;
    const turns = Array.from({ length: 40 }, async () => {
      await using _held = await lockOf(folders.state);
      inside += 1;
      most = Math.max(most, inside);
      await systemClock.sleep(1);
      inside -= 1;
    });
    await Promise.all(turns);
    expect(most).toBe(1);
    expect(readdirSync(folders.state)).toEqual([]);
  });

  it("names how long the other has been at work when the deadline passes", async () => {
    using folders = temporaryFolders();
    await using _held = await lockOf(folders.state);
    const lines: string[] = [];
    const signal = new AbortController().signal;
    const log = lineLog((line) => lines.push(line));
    await expect(
      acquireLock(folders.state, { clock: hastyClock(), signal, deadlineMs: 60_000, log }),
    ).rejects.toMatchObject({ code: "GC1406", message: expect.stringMatching(/running for 60 s/) });
    expect(lines[0]).toMatch(/^another provisioner is running/);
    expect(lines.length).toBeGreaterThan(3);
    expect(lines.at(-1)).toMatch(/^still waiting for another provisioner after \d\d s\n$/);
  });

  it("works for a folder whose path is too long for a socket's address", async () => {
    const root = mkdtempSync(join(tmpdir(), "glitchtip-compose-"));
    const folder = join(root, "x".repeat(120));
    {
      await using _held = await lockOf(folder);
      await expect(lockOf(folder, 0)).rejects.toMatchObject({ code: "GC1406" });
    }
    await using _again = await lockOf(folder);
    rmSync(root, { recursive: true });
  });

  it("is a coded error when no folder can be created", async () => {
    await expect(lockOf("/dev/null/state")).rejects.toMatchObject({ code: "GC1501" });
  });
});
