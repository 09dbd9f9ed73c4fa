import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { verifyBundle } from "../../../src/backup/bundle/bundle.ts";
import { readBackup } from "../../../src/backup/catalog.ts";
import { openContents, writeMissingFiles } from "../../../src/backup/restore/contents.ts";
import { requireListedParts } from "../../../src/backup/restore/preconditions.ts";
import { managedFiles } from "../../../src/backup/stack-sources.ts";
import { fetchBackup } from "../../../src/backup/targets/copies.ts";
import type { BackupTarget } from "../../../src/backup/targets/target.ts";
import { silentLog } from "../../../src/base/log.ts";
import { Secret } from "../../../src/base/secret.ts";
import { systemClock } from "../../../src/base/wait.ts";
import { manifestWith } from "../../support/manifest.ts";

const NAME = "glitchtip-20261121-031500Z";
const TRAVERSAL = "project/a\n/../../../../evil";
const { signal } = new AbortController();

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "foreign-"));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const entry = (path: string, content: string, bytes = content.length) => ({
  path,
  bytes,
  sha256: createHash("sha256").update(content).digest("hex"),
});

/** Returns a target that holds these objects. */
const targetWith = (objects: Readonly<Record<string, string>>): BackupTarget => ({
  place: "s3://bucket/",
  put: async () => {},
  list: async () => Object.keys(objects),
  fetch: async (key) => (objects[key] === undefined ? undefined : Readable.from([Buffer.from(objects[key])])),
  delete: async () => {},
});

function fetched(files: readonly ReturnType<typeof entry>[], contents: Readonly<Record<string, string>>) {
  const manifest = JSON.stringify(manifestWith({ name: NAME, files: [...files] }));
  const objects = Object.entries(contents).map(([path, content]) => [`${NAME}/${path}`, content]);
  const target = targetWith({ ...Object.fromEntries(objects), [`${NAME}/manifest.json`]: manifest });
  const folder = join(dir, "deep/er/backups");
  mkdirSync(folder, { recursive: true });
  return fetchBackup(target, { folder, clock: systemClock, signal, log: silentLog }, NAME);
}

/** Every file below the test's folder that is not part of the backups' folder. */
const written = () =>
  readdirSync(dir, { recursive: true, encoding: "utf8" }).filter((path) => !path.startsWith("deep"));

describe("a backup from a bucket", () => {
  it("is refused when an entry of its manifest leaves the folder, and nothing is written", async () => {
    await expect(fetched([entry(TRAVERSAL, "evil")], { [TRAVERSAL]: "evil" })).rejects.toMatchObject({
      code: "GC1803",
      problems: [expect.stringContaining("leaves the backup")],
    });
    expect(written()).toEqual([]);
    expect(readdirSync(join(dir, "deep/er/backups"))).toEqual([]);
  });

  it("is refused when an object is longer than its manifest says, or another", async () => {
    const files = [entry("database.dump", "dump"), entry("uploads.tar", "")];
    await expect(fetched(files, { "database.dump": "dump and more", "uploads.tar": "" })).rejects.toMatchObject({
      code: "GC1803",
      message: expect.stringContaining("longer than"),
    });
    await expect(fetched(files, { "database.dump": "pmud", "uploads.tar": "" })).rejects.toMatchObject({
      code: "GC1803",
      problems: [expect.stringContaining("checksum")],
    });
    expect(readdirSync(join(dir, "deep/er/backups")).filter((name) => name.startsWith("glitchtip"))).toEqual([]);
  });

  it("is stored when every checksum is right", async () => {
    const files = [entry("database.dump", "dump"), entry("uploads.tar", ""), entry("project/.env", "A=1\n")];
    const { path } = await fetched(files, { "database.dump": "dump", "uploads.tar": "", "project/.env": "A=1\n" });
    expect(readFileSync(join(path, "project/.env"), "utf8")).toBe("A=1\n");
  });
});

describe("a backup that somebody handed over", () => {
  const backup = (...files: ReturnType<typeof entry>[]) => {
    writeFileSync(join(dir, "manifest.json"), JSON.stringify(manifestWith({ files })));
    return () => readBackup(dir);
  };

  it("is refused when a path leaves it", () => {
    expect(backup(entry(TRAVERSAL, "evil"))).toThrow(expect.objectContaining({ code: "GC1803" }));
  });

  it("gives nothing that its manifest has no checksum of", async () => {
    writeFileSync(join(dir, "state.json"), "{}");
    writeFileSync(join(dir, "secrets.age"), "x");
    const opened = backup();
    const key = { passphrase: new Secret("correct horse battery") };
    expect(await openContents(opened(), key)).toEqual({ files: [], state: undefined });
    expect(() => requireListedParts(opened())).toThrow(
      expect.objectContaining({ code: "GC1803", message: expect.stringContaining("database.dump and uploads.tar") }),
    );
  });

  it("writes through no link of the workspace that leads out of it, and sets no special permission", () => {
    const [workspace, outside] = [join(dir, "workspace"), join(dir, "outside")];
    for (const folder of [workspace, outside]) mkdirSync(folder);
    symlinkSync(outside, join(workspace, "linked"));
    const file = (path: string) => ({ path, content: "x", mode: 0o4777 });
    expect(() => writeMissingFiles(workspace, { files: [file("linked/new")], state: undefined })).toThrow(
      expect.objectContaining({ code: "GC1501" }),
    );
    expect(readdirSync(outside)).toEqual([]);
    expect(() => writeMissingFiles(workspace, { files: [file("a\n/../../evil")], state: undefined })).toThrow(
      expect.objectContaining({ code: "GC1501" }),
    );
    expect(written().filter((path) => path.includes("evil"))).toEqual([]);
  });
});

describe("lists of files from elsewhere", () => {
  it("names no managed file outside the workspace", () => {
    mkdirSync(join(dir, ".glitchtip"));
    const files = { "compose.glitchtip.yaml": {}, "../../etc/passwd": {}, "a\n/../../b": {} };
    writeFileSync(join(dir, ".glitchtip/manifest.json"), JSON.stringify({ files }));
    expect(managedFiles(dir)).toEqual([".glitchtip/manifest.json", "compose.glitchtip.yaml"]);
  });

  it("refuses a bundle whose checksums name a file outside of it", async () => {
    writeFileSync(join(dir, "SHA256SUMS"), `${"0".repeat(64)}  ../../etc/passwd\n`);
    await expect(verifyBundle(dir)).rejects.toMatchObject({
      code: "GC1610",
      problems: ['"../../etc/passwd" leaves the bundle'],
    });
  });
});
