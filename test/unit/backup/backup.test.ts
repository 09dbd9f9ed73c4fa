import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough, Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { generateIdentity, identityToRecipient } from "age-encryption";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { chooseBackup, listBackups, verifyBackup } from "../../../src/backup/catalog.ts";
import { openDatabase, parseFacts } from "../../../src/backup/database/database.ts";
import { decryptFiles, encryptionWith } from "../../../src/backup/encryption.ts";
import { beginBackup, removePartials } from "../../../src/backup/folder.ts";
import { parseManifest, tableDifferences } from "../../../src/backup/manifest.ts";
import { Secret } from "../../../src/base/secret.ts";
import { manifestWith } from "../../support/manifest.ts";

const NAME = "glitchtip-20261121-031500Z";
const signal = new AbortController().signal;
const manifest = (more: object = {}) => ({ ...manifestWith(), ...more });

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "backups-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function made(name = NAME, more: object = {}): Promise<string> {
  const partial = beginBackup(folder, name);
  await partial.write("database.dump", (to) => pipeline(Readable.from(["dump of ", "the database"]), to));
  return partial.finish({ ...manifest(more), name, files: [...partial.files] });
}

describe("a backup's folder", () => {
  it("gets its name when it is complete, and what a killed run has left is removed by the next one", async () => {
    const partial = beginBackup(folder, NAME);
    await partial.text("state.json", "{}");
    expect(listBackups(folder)).toEqual([]);
    expect(readdirSync(folder).sort()).toEqual([".gitignore", `${NAME}.partial`]);
    removePartials(folder);
    expect(readdirSync(folder)).toEqual([".gitignore"]);
  });

  it("keeps files of others when partial backups are removed", () => {
    writeFileSync(join(folder, "notes.partial"), "mine");
    removePartials(folder);
    expect(readdirSync(folder)).toEqual(["notes.partial"]);
  });

  it("detects a changed byte, a truncated file and a missing file", async () => {
    const path = await made();
    const whole = chooseBackup([folder], folder, "latest");
    expect(whole.path).toBe(path);
    await verifyBackup(whole, signal);
    const file = join(path, "database.dump");
    writeFileSync(file, "dump of the databasE");
    await expect(verifyBackup(whole, signal)).rejects.toMatchObject({
      code: "GC1803",
      problems: [expect.stringContaining("checksum")],
    });
    writeFileSync(file, "dump");
    await expect(verifyBackup(whole, signal)).rejects.toMatchObject({
      problems: ["database.dump has 4 bytes instead of 20"],
    });
    expect(listBackups(folder)[0]?.problem).toBe("database.dump: not whole");
    rmSync(file);
    await expect(verifyBackup(whole, signal)).rejects.toMatchObject({ problems: ["database.dump is missing"] });
  });

  it("throws the error of the producer", async () => {
    const partial = beginBackup(folder, NAME);
    const broken = partial.write("a", async () => {
      throw new Error("pg_dump ended");
    });
    await expect(broken).rejects.toThrow("pg_dump ended");
  });

  it("latest means the newest complete backup that is not a safety copy of a restore", async () => {
    await made("glitchtip-20261120-031500Z");
    await made("glitchtip-20261122-031500Z", { reason: "before restore" });
    mkdirSync(join(folder, "glitchtip-20261123-031500Z"));
    expect(chooseBackup([folder], folder, "latest").path).toMatch(/20261120/);
    expect(chooseBackup([folder], folder, "glitchtip-20261122-031500Z").path).toMatch(/20261122/);
    expect(() => chooseBackup([folder], folder, "elsewhere")).toThrow(expect.objectContaining({ code: "GC1803" }));
  });
});

describe("a manifest", () => {
  const read = (value: unknown) => () => parseManifest(JSON.stringify(value), "/b");

  it("is parsed as it was written", () => expect(read(manifest())()).toEqual(manifest()));

  it.each([
    { what: "no JSON", value: undefined, says: "no JSON" },
    { what: "another product", value: { product: "otherware", format: 1 }, says: "of otherware" },
    { what: "a later format", value: manifest({ format: 2 }), says: "format 2" },
    { what: "half of it", value: manifest({ database: {} }), says: "cannot be used" },
    ...["../x", "/etc/passwd", "a/../../x", "..", "a\\b"].map((path) => ({
      what: `the path ${path}`,
      value: manifest({ files: [{ path, bytes: 1, sha256: "0".repeat(64) }] }),
      says: "cannot be used",
    })),
  ])("is refused with $what", ({ value, says }) => {
    const text = value === undefined ? "{" : JSON.stringify(value);
    expect(() => parseManifest(text, "/b")).toThrow(
      expect.objectContaining({ code: "GC1803", message: expect.stringContaining(says) }),
    );
  });
});

describe("facts of a database", () => {
  it("are parsed from psql's lines, whatever else is printed", () => {
    const lines = [
      "NOTICE: x",
      "server 180003",
      "bytes 8000000",
      "system 77",
      "table public.a 3 12",
      "table S x.A b 0 ",
    ];
    expect(parseFacts(lines.join("\n"))).toEqual({
      major: 18,
      version: "18.3",
      systemId: "77",
      bytes: 8_000_000,
      tables: { "public.a": { rows: 3, sum: "12" }, "S x.A b": { rows: 0 } },
    });
    expect(() => parseFacts("psql: error")).toThrow(expect.objectContaining({ code: "GC1801" }));
  });

  it("differ by rows, by checksum where both sides have one, and by tables", () => {
    const before = { a: { rows: 1, sum: "1" }, b: { rows: 2, sum: "1" }, c: { rows: 3, sum: "1" }, d: { rows: 4 } };
    const after = { a: { rows: 1, sum: "2" }, b: { rows: 3, sum: "1" }, d: { rows: 4, sum: "9" }, e: { rows: 0 } };
    expect(tableDifferences(before, after)).toEqual([
      "a: 1 row with other content",
      "b: 2 rows in the backup, 3 restored",
      "c: is missing (3 rows)",
      "e: is new",
    ]);
    expect(tableDifferences(before, before)).toEqual([]);
  });
});

describe("the database's programs", () => {
  const saying = (stderr: string, code = 1) =>
    openDatabase({ run: async () => ({ code, stdout: "", stderr }) }, signal);
  const from = () => Readable.from(["dump"]);

  it("report a failure by their last lines, without the facts", async () => {
    const lines = ["table public.a 1 2", "pg_restore: error: could not read", "pg_dump 1"].join("\n");
    await expect(saying(lines).tryRestore(from())).rejects.toMatchObject({
      code: "GC1802",
      problems: ["pg_restore: error: could not read"],
    });
    await expect(saying(lines).list(from())).rejects.toMatchObject({ code: "GC1803" });
  });

  it("name the database's disk when it is full", async () => {
    const full = saying("pg_restore: error: could not extend file: No space left on device");
    await expect(full.load(from(), "x")).rejects.toMatchObject({
      code: "GC1502",
      message: "pg_restore failed: the database's disk is full",
    });
  });

  it("fail where pg_dump failed although the session succeeded", async () => {
    const facts = "server 180003\nbytes 1\n";
    await expect(saying(`${facts}pg_dump 1\n`, 0).dump(new PassThrough())).rejects.toMatchObject({ code: "GC1801" });
    await expect(saying(facts, 0).dump(new PassThrough())).rejects.toMatchObject({ code: "GC1801" });
    expect(await saying(`${facts}pg_dump 0\n`, 0).dump(new PassThrough())).toMatchObject({ major: 18 });
  });
});

describe("secrets in a backup", () => {
  const files = [{ path: "project/.glitchtip/secrets/secret_key", content: "s3cr3t-value", mode: 0o444 }];

  it("can be decrypted by the holder of a recipient's key only", async () => {
    const identity = await generateIdentity();
    const key = { recipients: [await identityToRecipient(identity)] };
    const encryption = await encryptionWith(key);
    expect(encryption.kind).toBe("recipients");
    const encrypted = await encryption.encrypt(files);
    expect(Buffer.from(encrypted).includes("s3cr3t-value")).toBe(false);
    expect(await decryptFiles(encrypted, { identities: [new Secret(identity)] })).toEqual(files);
    const other = { identities: [new Secret(await generateIdentity())] };
    await expect(decryptFiles(encrypted, other)).rejects.toMatchObject({ code: "GC1806" });
  });

  it.each(["project/../../.ssh/authorized_keys", "project/a\n/../../../evil"])(
    "are refused with the path %j, which leaves the backup, although the key is right",
    async (path) => {
      const identity = await generateIdentity();
      const encryption = await encryptionWith({ recipients: [await identityToRecipient(identity)] });
      const encrypted = await encryption.encrypt([{ path, content: "x", mode: 0o644 }]);
      await expect(decryptFiles(encrypted, { identities: [new Secret(identity)] })).rejects.toMatchObject({
        code: "GC1806",
      });
    },
  );

  it("refuse a weak passphrase and a secret key, without showing them", async () => {
    await expect(encryptionWith({ passphrase: new Secret("short") })).rejects.toThrow(/fewer than 12/);
    const identity = await generateIdentity();
    try {
      await encryptionWith({ recipients: [identity] });
      expect.unreachable();
    } catch (error) {
      expect(error).toMatchObject({ code: "GC1001" });
      expect(String(error)).not.toContain(identity);
    }
  });
});

it("a folder of backups is ignored by git and holds only the backup's files", async () => {
  const path = await made();
  expect(readFileSync(join(folder, ".gitignore"), "utf8")).toBe("*\n");
  expect(readdirSync(path).sort()).toEqual(["database.dump", "manifest.json"]);
});
