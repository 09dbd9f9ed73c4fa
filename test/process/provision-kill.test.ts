import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { dsnFile } from "../../src/config/dsn-volumes.ts";
import { type Emulator, startEmulator } from "../../src/emulator/index.ts";
import { asAdmin } from "../support/admin-calls.ts";
import { startServer } from "../support/emulator.ts";
import {
  countsOf,
  expectedDsn,
  leftoversIn,
  ONE_OF_EACH,
  requestsOfFirstRun,
  runProvisioner,
  startProvisioner,
  until,
} from "../support/provisioner-process.ts";
import { ADMIN, dsnOf, type Folders, temporaryFolders } from "../support/provisioning.ts";

const requests = (await requestsOfFirstRun()).map((name, at) => ({ name, nth: at + 1 }));
const writes = requests.filter(({ name }) => !name.startsWith("GET"));

async function expectNextRunToMakeItWhole(emulator: Emulator, folders: Folders): Promise<void> {
  emulator.clearFaults();
  const next = await runProvisioner(emulator.url, folders);
  expect(next, next.stderr).toMatchObject({ code: 0 });
  expect(countsOf(emulator)).toEqual(ONE_OF_EACH);
  expect(emulator.snapshot().issues).toEqual([]);
  expect(dsnOf(folders, "api")).toBe(expectedDsn(emulator));
  expect(statusOf(folders).state).toBe("ok");
  expect(leftoversIn(folders)).toEqual([]);
}

const statusOf = (folders: Folders) => JSON.parse(readFileSync(join(folders.dsn, "status.json"), "utf8"));

describe.each([
  { moment: "before GlitchTip 6 acted", generation: "6", acted: false, at: requests },
  { moment: "after GlitchTip 6 acted", generation: "6", acted: true, at: writes },
  { moment: "after GlitchTip 5.2 acted", generation: "5.2", acted: true, at: writes },
] as const)("a first run that SIGKILL ends $moment", ({ generation, acted, at }) => {
  it.each(at)("on request $nth, $name, is made whole by the next", async ({ nth, name }) => {
    using folders = temporaryFolders();
    await using emulator = await startServer({ generation });
    emulator.fault({ nth, effect: { kind: "hang", acted } });
    await using killed = startProvisioner(emulator.url, folders);
    await until(killed, name, () => emulator.requests.length >= nth);
    killed.kill("SIGKILL");
    expect((await killed.ended).signal).toBe("SIGKILL");
    await expectNextRunToMakeItWhole(emulator, folders);
  });
});

describe("a first run that SIGTERM ends", () => {
  it.each(requests)(
    "on request $nth, $name, exits 130 at once, says so, and the next goes on",
    async ({ nth, name }) => {
      using folders = temporaryFolders();
      await using emulator = await startServer();
      emulator.fault({ nth, effect: { kind: "hang", acted: true } });
      await using stopped = startProvisioner(emulator.url, folders);
      await until(stopped, name, () => emulator.requests.length >= nth);
      stopped.kill("SIGTERM");
      const { code, stderr } = await stopped.ended;
      expect(code).toBe(130);
      expect(stderr).toMatch(/^error GC1003: stopped by SIGTERM$/m);
      expect(statusOf(folders)).toMatchObject({ state: "failed", error: { code: "GC1003" } });
      await expectNextRunToMakeItWhole(emulator, folders);
    },
  );

  it("while it waits for a server that is not ready exits 130", async () => {
    using folders = temporaryFolders();
    await using emulator = await startEmulator({ superuser: ADMIN, database: "empty", processingDelayMs: 0 });
    await using stopped = startProvisioner(emulator.url, folders);
    await until(stopped, "two looks", () => emulator.requests.length >= 2);
    stopped.kill("SIGTERM");
    expect((await stopped.ended).code).toBe(130);
    emulator.migrate();
    await expectNextRunToMakeItWhole(emulator, folders);
  });
});

const dieWhileWriting = fileURLToPath(new URL("../support/die-while-writing.mjs", import.meta.url));
const dyingAt = (nth: number) => ({
  nodeFlags: ["--import", dieWhileWriting],
  env: { DIE_AT_WRITE: String(nth) },
});

describe("a run that SIGKILL ends while it writes a file", () => {
  it("is made whole by the next, at each write and rename of a first run", async () => {
    let kills = 0;
    for (let ended = false; !ended; kills++) {
      using folders = temporaryFolders();
      await using emulator = await startServer();
      const { signal } = await runProvisioner(emulator.url, folders, dyingAt(kills + 1));
      ended = signal === null;
      await expectNextRunToMakeItWhole(emulator, folders);
    }
    expect(kills).toBeGreaterThan(10);
  });

  it("leaves the last good DSN or the new one, whole, at each write and rename", async () => {
    let kills = 0;
    for (let ended = false; !ended; kills++) {
      using folders = temporaryFolders();
      await using emulator = await startServer();
      await runProvisioner(emulator.url, folders);
      const before = dsnOf(folders, "api");
      await deleteKey(emulator);
      const { signal } = await runProvisioner(emulator.url, folders, dyingAt(kills + 1));
      ended = signal === null;
      const text = readFileSync(dsnFile(folders.dsn, "api"), "utf8");
      const whole = [before, ...(keysLeft(emulator) === 0 ? [] : [expectedDsn(emulator)])];
      expect(whole.map((dsn) => `export SENTRY_DSN='${dsn}'\n`)).toContain(text);
      await expectNextRunToMakeItWhole(emulator, folders);
    }
    expect(kills).toBeGreaterThan(4);
  });
});

const keysLeft = (emulator: Emulator): number => emulator.snapshot().keys.length;

const deleteKey = (emulator: Emulator): Promise<unknown> =>
  asAdmin(emulator, "DELETE", `projects/acme/shop-api/keys/${emulator.snapshot().keys[0]?.publicKey}/`);
