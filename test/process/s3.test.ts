import { randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readBackup } from "../../src/backup/catalog.ts";
import { beginBackup } from "../../src/backup/folder.ts";
import { fetchBackup, listUploaded, uploadBackup } from "../../src/backup/targets/copies.ts";
import { openS3Target } from "../../src/backup/targets/s3.ts";
import { silentLog } from "../../src/base/log.ts";
import { Secret } from "../../src/base/secret.ts";
import { systemClock } from "../../src/base/wait.ts";
import { openHttp } from "../../src/http/client.ts";
import { manifestWith } from "../support/manifest.ts";
import { buildS3Server, S3_ACCOUNT, type S3Server, startS3Server } from "../support/s3-server.ts";

const BUILD_WITHIN_MS = 900_000;
const missing = await buildS3Server();
if (missing !== undefined) process.stderr.write(`skipped, no S3 server: ${missing}\n`);

describe.skipIf(missing !== undefined)("a real S3 server", () => {
  let server: S3Server;
  const folder = mkdtempSync(join(tmpdir(), "s3-backups-"));
  const context = { clock: systemClock, signal: new AbortController().signal };
  /** The references in the settings are empty: `secret` returns the values. */
  const openTarget = (change: { bucket?: string; accessKey?: string; secretKey?: string } = {}) => {
    const { bucket = server.bucket, ...secrets } = change;
    const values: Readonly<Record<string, string>> = { ...S3_ACCOUNT, ...secrets };
    return openS3Target(
      { endpoint: server.endpoint, bucket, prefix: "ours/", region: "us-east-1", accessKey: "", secretKey: "" },
      { ...context, openHttp, secret: (setting) => new Secret(values[setting] ?? "") },
    );
  };

  beforeAll(async () => {
    server = await startS3Server();
  }, BUILD_WITHIN_MS);
  afterAll(async () => {
    await server?.[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true, force: true });
  });

  async function made(name: string) {
    const partial = beginBackup(folder, name);
    await partial.text("database.dump", randomBytes(100_000));
    await partial.text("project/.glitchtip/with-dsn", "#!/bin/sh\n");
    const manifest = manifestWith({ name, files: [...partial.files] });
    return readBackup(partial.finish(manifest));
  }

  it("stores a backup and returns it byte by byte; a copy without its manifest is not listed", async () => {
    const target = openTarget();
    const first = await made("glitchtip-20261120-031500Z");
    const second = await made("glitchtip-20261121-031500Z");
    await uploadBackup(target, first);
    await uploadBackup(target, second);
    await target.put("glitchtip-20261122-031500Z/database.dump", { text: "cut" });
    expect(await listUploaded(target)).toEqual(["glitchtip-20261121-031500Z", "glitchtip-20261120-031500Z"]);

    const dump = readFileSync(join(second.path, "database.dump"));
    rmSync(second.path, { recursive: true });
    const fetched = await fetchBackup(target, { ...context, folder, log: silentLog }, "latest");
    expect(fetched).toEqual(second);
    expect(readFileSync(join(fetched.path, "database.dump")).equals(dump)).toBe(true);
  });

  it("stores a large file in parts", async () => {
    const target = openTarget();
    const path = join(folder, "large");
    const content = randomBytes(65 * 1_048_576);
    writeFileSync(path, content);
    await target.put("large file +&.bin", { file: path });
    expect(await target.list("large")).toEqual(["large file +&.bin"]);
    const found = await target.fetch("large file +&.bin");
    expect(found && (await buffer(found)).equals(content)).toBe(true);
    await target.delete("large file +&.bin");
    expect(await target.fetch("large file +&.bin")).toBeUndefined();
  });

  it("lists more than one page of keys", async () => {
    const target = openTarget();
    const keys = Array.from({ length: 1_010 }, (_, i) => `many/${String(i).padStart(4, "0")}`);
    for (let i = 0; i < keys.length; i += 8) {
      await Promise.all(keys.slice(i, i + 8).map((key) => target.put(key, { text: "x" })));
    }
    expect(await target.list("many/")).toEqual(keys);
  });

  it.each([
    { what: "a wrong secret", change: { secretKey: "wrong" }, says: /403 SignatureDoesNotMatch/ },
    { what: "an unknown key", change: { accessKey: "nobody" }, says: /: 40\d / },
    { what: "no such bucket", change: { bucket: "nowhere" }, says: /404 NoSuchBucket/ },
  ])("reports $what without a secret", async ({ change, says }) => {
    const failed = await openTarget(change)
      .put("x", { text: "x" })
      .catch((error: unknown) => error);
    expect(failed).toMatchObject({ code: "GC1807", message: expect.stringMatching(says) });
    expect(JSON.stringify(failed)).not.toContain(S3_ACCOUNT.secretKey);
  });
});
