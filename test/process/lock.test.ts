import { spawn } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { execPath } from "node:process";
import { describe, expect, it } from "vitest";
import { silentLog } from "../../src/base/log.ts";
import { systemClock } from "../../src/base/wait.ts";
import { acquireLock } from "../../src/outputs/lock.ts";
import { temporaryFolders } from "../support/provisioning.ts";

/** What those do who are done: each takes the folder of the lock away where it is empty. */
const LEAVING = `const { rmdirSync } = require("node:fs");
for (const end = Date.now() + 30_000; Date.now() < end; ) try { rmdirSync(process.argv[1]); } catch {}`;

describe("the lock", () => {
  it("is had also where others who are done take its folder away at that very moment", async () => {
    using folders = temporaryFolders();
    mkdirSync(folders.state, { recursive: true });
    const leaving = spawn(execPath, ["-e", LEAVING, join(folders.state, "lock")], { stdio: "ignore" });
    const ended = new Promise((end) => leaving.once("close", end));
    try {
      const options = { clock: systemClock, signal: new AbortController().signal, deadlineMs: 10_000, log: silentLog };
      for (let turn = 0; turn < 300; turn++) {
        await using lock = await acquireLock(folders.state, options);
        expect(lock).toBeDefined();
      }
    } finally {
      leaving.kill();
      await ended;
    }
  });
});
