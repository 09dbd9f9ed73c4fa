import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { dsnFile } from "../../src/config/dsn-volumes.ts";
import type { Emulator } from "../../src/emulator/index.ts";
import { asAdmin } from "../support/admin-calls.ts";
import { startServer } from "../support/emulator.ts";
import {
  countsOf,
  expectedDsn,
  leftoversIn,
  ONE_OF_EACH,
  requestsOfFirstRun,
  runProvisioner,
} from "../support/provisioner-process.ts";
import { ADMIN, dsnOf, type Folders, temporaryFolders } from "../support/provisioning.ts";
import { fill, mountSmallDisk } from "../support/small-disk.ts";

const PAGE = 4096;

const statusOf = (folders: Folders) => JSON.parse(readFileSync(join(folders.dsn, "status.json"), "utf8"));

/** What a first run published. Its key is gone afterwards, so that the next run has another DSN to write. */
async function publishedBefore(emulator: Emulator, folders: Folders): Promise<string | undefined> {
  await runProvisioner(emulator.url, folders);
  await asAdmin(emulator, "DELETE", `projects/acme/shop-api/keys/${emulator.snapshot().keys[0]?.publicKey}/`);
  return dsnOf(folders, "api");
}

/** What a run says that ends with 1. */
async function failing(emulator: Emulator, folders: Folders): Promise<string> {
  const { code, stderr } = await runProvisioner(emulator.url, folders);
  expect(code, stderr).toBe(1);
  return stderr;
}

async function expectToBeWhole(emulator: Emulator, folders: Folders): Promise<void> {
  const { code, stderr } = await runProvisioner(emulator.url, folders);
  expect(code, stderr).toBe(0);
  expect(countsOf(emulator)).toEqual(ONE_OF_EACH);
  expect(dsnOf(folders, "api")).toBe(expectedDsn(emulator));
  expect(statusOf(folders).state).toBe("ok");
  expect(leftoversIn(folders)).toEqual([]);
}

describe("a volume for DSNs", () => {
  it("that is full keeps the last good DSN; GC1502 names the file, and with space the new one comes", async ({
    skip,
  }) => {
    using folders = temporaryFolders();
    using disk = mountSmallDisk(dirname(dsnFile(folders.dsn, "api")), PAGE, skip);
    await using emulator = await startServer();
    const good = await publishedBefore(emulator, folders);
    expect(await failing(emulator, folders)).toMatch(
      /^error GC1502: .*\/dsn\/apps\/api\/api\.env: no space is left\n {2}→ Free some space/m,
    );
    expect(dsnOf(folders, "api")).toBe(good);
    expect(leftoversIn(folders)).toEqual([]);
    disk.resize(16 * PAGE);
    await expectToBeWhole(emulator, folders);
  });

  it("that is read-only keeps the last good DSN; GC1501 names the file", async ({ skip }) => {
    using folders = temporaryFolders();
    using disk = mountSmallDisk(dirname(dsnFile(folders.dsn, "api")), 16 * PAGE, skip);
    await using emulator = await startServer();
    const good = await publishedBefore(emulator, folders);
    disk.makeReadOnly();
    expect(await failing(emulator, folders)).toMatch(
      /^error GC1501: .*\/dsn\/apps\/api\/api\.env cannot be written\n {2}→ Check who owns/m,
    );
    expect(dsnOf(folders, "api")).toBe(good);
    disk.makeWritable();
    await expectToBeWhole(emulator, folders);
  });

  it("that is read-only does no harm while nothing changes", async ({ skip }) => {
    using folders = temporaryFolders();
    using disk = mountSmallDisk(dirname(dsnFile(folders.dsn, "api")), 16 * PAGE, skip);
    await using emulator = await startServer();
    await runProvisioner(emulator.url, folders);
    disk.makeReadOnly();
    expect(await runProvisioner(emulator.url, folders)).toMatchObject({ code: 0, stderr: "nothing to change\n" });
  });

  it("that is a file is named as what cannot be written", async () => {
    using folders = temporaryFolders();
    await using emulator = await startServer();
    writeFileSync(folders.dsn, "");
    const stderr = await failing(emulator, folders);
    expect(stderr).toMatch(/^error GC1501: /m);
    expect(stderr).not.toMatch(/^ {4}at /m);
  });
});

describe("a state folder", () => {
  it("that is full is GC1502, the status says failed, the DSN stays, and with space all is well", async ({ skip }) => {
    using folders = temporaryFolders();
    using _disk = mountSmallDisk(folders.state, 8 * PAGE, skip);
    await using emulator = await startServer();
    const good = await publishedBefore(emulator, folders);
    const filler = fill(folders.state);
    expect(await failing(emulator, folders)).toMatch(/^error GC1502: .*\/state\/state\.json: no space is left$/m);
    expect(statusOf(folders)).toMatchObject({ state: "failed", error: { code: "GC1502" } });
    expect(dsnOf(folders, "api")).toBe(good);
    rmSync(filler);
    await expectToBeWhole(emulator, folders);
  });

  it("that is full from the start leaves no second token behind", async ({ skip }) => {
    using folders = temporaryFolders();
    using _disk = mountSmallDisk(folders.state, 2 * PAGE, skip);
    await using emulator = await startServer();
    const filler = fill(folders.state);
    for (let run = 0; run < 3; run++) expect((await runProvisioner(emulator.url, folders)).code).toBe(1);
    expect(emulator.snapshot().tokens).toHaveLength(1);
    rmSync(filler);
    await expectToBeWhole(emulator, folders);
  });

  it("that is read-only is GC1501 before anything is asked of the server, and the DSN stays", async ({ skip }) => {
    using folders = temporaryFolders();
    using disk = mountSmallDisk(folders.state, 8 * PAGE, skip);
    await using emulator = await startServer();
    await runProvisioner(emulator.url, folders);
    const good = dsnOf(folders, "api");
    const asked = emulator.requests.length;
    disk.makeReadOnly();
    expect(await failing(emulator, folders)).toMatch(/^error GC1501: .*\/state cannot be written$/m);
    expect(emulator.requests).toHaveLength(asked);
    expect(statusOf(folders)).toMatchObject({ state: "failed", error: { code: "GC1501" } });
    expect(dsnOf(folders, "api")).toBe(good);
    disk.makeWritable();
    await expectToBeWhole(emulator, folders);
  });

  it.each([
    ["cut in the middle", '{"version":1,"token":{"id"'],
    ["of somebody else", '{"hello":"world"}\n'],
    ["of a later version", '{"version":2,"projects":{}}\n'],
    ["of zero bytes", ""],
  ])("whose file is %s is started anew, and everything is found again", async (_, text) => {
    using folders = temporaryFolders();
    await using emulator = await startServer();
    await runProvisioner(emulator.url, folders);
    const good = dsnOf(folders, "api");
    writeFileSync(join(folders.state, "state.json"), text);
    await expectToBeWhole(emulator, folders);
    expect(dsnOf(folders, "api")).toBe(good);
  });

  it("whose file is a folder is an error that names it", async () => {
    using folders = temporaryFolders();
    await using emulator = await startServer();
    mkdirSync(join(folders.state, "state.json"), { recursive: true });
    expect(await failing(emulator, folders)).toMatch(
      /^error GC1501: .*\/state\/state\.json is there but cannot be read$/m,
    );
  });
});

describe("what the container is given", () => {
  it.each([
    ["GLITCHTIP_URL", "glitchtip:8000"],
    ["GLITCHTIP_PUBLIC_URL", "errors.example.com"],
    ["GLITCHTIP_READY_WITHIN_SECONDS", "soon"],
  ])("as %s=%s is refused as wrong usage", async (name, value) => {
    using folders = temporaryFolders();
    const { code, stderr } = await runProvisioner("http://127.0.0.1:9", folders, { env: { [name]: value } });
    expect(code).toBe(2);
    expect(stderr).toMatch(/^error GC1001: /);
    expect(stderr).toContain(`${name}=${value}`);
  });

  it("without its input says to run init, and where that is missing is in the status", async () => {
    using folders = temporaryFolders();
    const { code, stderr } = await runProvisioner("http://127.0.0.1:9", folders, {
      env: { GLITCHTIP_PROVISION_FILE: "/nowhere/provision.json" },
    });
    expect(code).toBe(2);
    expect(stderr).toBe("error GC1102: /nowhere/provision.json cannot be read\n  → npx glitchtip-compose init\n");
    expect(statusOf(folders)).toMatchObject({ state: "failed", error: { code: "GC1102" } });
  });

  it("without a password says which file is missing", async () => {
    using folders = temporaryFolders();
    await using emulator = await startServer();
    const { code, stderr } = await runProvisioner(emulator.url, folders, {
      env: { GLITCHTIP_ADMIN_PASSWORD_FILE: "/nowhere/password" },
    });
    expect(code).toBe(1);
    expect(stderr).toMatch(/^error GC1107: \/nowhere\/password: the administrator's password is missing$/m);
  });

  it("never shows up in what it says: no password, token or key, whatever goes wrong", async () => {
    for (let nth = 1; nth <= (await requestsOfFirstRun()).length; nth++) {
      using folders = temporaryFolders();
      await using emulator = await startServer();
      emulator.fault({ nth, effect: { kind: "answer", status: 418, body: { detail: "no" } } });
      const runs = [await runProvisioner(emulator.url, folders), await runProvisioner(emulator.url, folders)];
      const said = runs.map(({ stderr }) => stderr).join("");
      const state = JSON.parse(readFileSync(join(folders.state, "state.json"), "utf8"));
      const secrets = [ADMIN.password, state.token.value, state.projects["shop-api"].key];
      for (const secret of secrets) expect(said).not.toContain(secret);
    }
  });
});
