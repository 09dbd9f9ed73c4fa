import { randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readBackup } from "../../src/backup/catalog.ts";
import { beginBackup } from "../../src/backup/folder.ts";
import { openS3 } from "../../src/backup/s3.ts";
import { fetchBackup, listTarget, openTarget, uploadBackup } from "../../src/backup/target.ts";
import { silentLog } from "../../src/base/log.ts";
import { Secret } from "../../src/base/secret.ts";
import { systemClock } from "../../src/base/wait.ts";
import { manifestWith } from "../support/manifest.ts";
import { buildS3Server, S3_ACCOUNT, type S3Server, startS3Server } from "../support/s3-server.ts";

const BUILD_WITHIN_MS = 900_000;
const missing = await buildS3Server();
if (missing !== undefined) process.stderr.write(`skipped, no S3 server: ${missing}\n`);

describe.skipIf(missing !== undefined)("a real S3 server", () => {
  let server: S3Server;
  const folder = mkdtempSync(join(tmpdir(), "s3-backups-"));
  const context = { clock: systemClock, signal: new AbortController().signal };
  const place = () => ({
    endpoint: server.endpoint,
    bucket: server.bucket,
    prefix: "ours/",
    region: "us-east-1",
    accessKey: new Secret(S3_ACCOUNT.accessKey),
    secretKey: new Secret(S3_ACCOUNT.secretKey),
  });

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

  it("takes a backup and gives it back, byte by byte; a copy without its manifest is none", async () => {
    const target = openTarget(place(), context);
    const first = await made("glitchtip-20261120-031500Z");
    const second = await made("glitchtip-20261121-031500Z");
    await uploadBackup(target, first);
    await uploadBackup(target, second);
    await target.s3.putText("ours/glitchtip-20261122-031500Z/database.dump", "cut");
    expect(await listTarget(target)).toEqual(["glitchtip-20261121-031500Z", "glitchtip-20261120-031500Z"]);

    const dump = readFileSync(join(second.path, "database.dump"));
    rmSync(second.path, { recursive: true });
    const fetched = await fetchBackup(target, { ...context, folder, log: silentLog }, "latest");
    expect(fetched).toEqual(second);
    expect(readFileSync(join(fetched.path, "database.dump")).equals(dump)).toBe(true);
  });

  it("takes a file in parts where it is larger than one", async () => {
    const s3 = openS3(place(), context);
    const path = join(folder, "large");
    const content = randomBytes(65 * 1_048_576);
    writeFileSync(path, content);
    await s3.put("ours/large file +&.bin", path);
    expect(await s3.list("ours/large")).toEqual(["ours/large file +&.bin"]);
    const found = await s3.get("ours/large file +&.bin");
    expect(found && (await buffer(found)).equals(content)).toBe(true);
    await s3.remove("ours/large file +&.bin");
    expect(await s3.get("ours/large file +&.bin")).toBeUndefined();
  });

  it("lists more than one page", async () => {
    const s3 = openS3(place(), context);
    const keys = Array.from({ length: 1_010 }, (_, i) => `many/${String(i).padStart(4, "0")}`);
    for (let i = 0; i < keys.length; i += 8) {
      await Promise.all(keys.slice(i, i + 8).map((key) => s3.putText(key, "x")));
    }
    expect(await s3.list("many/")).toEqual(keys);
  });

  it.each([
    { what: "a wrong secret", change: { secretKey: new Secret("wrong") }, says: /403 SignatureDoesNotMatch/ },
    { what: "an unknown key", change: { accessKey: new Secret("nobody") }, says: /: 40\d / },
    { what: "no such bucket", change: { bucket: "nowhere" }, says: /404 NoSuchBucket/ },
  ])("says what is wrong with $what, and shows no secret", async ({ change, says }) => {
    const s3 = openS3({ ...place(), ...change }, context);
    const failed = await s3.putText("ours/x", "x").catch((error: unknown) => error);
    expect(failed).toMatchObject({ code: "GC1807", message: expect.stringMatching(says) });
    expect(JSON.stringify(failed)).not.toContain(S3_ACCOUNT.secretKey);
  });
});
