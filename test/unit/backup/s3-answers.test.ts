import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { readBackup } from "../../../src/backup/catalog.ts";
import { listUploaded, uploadBackup } from "../../../src/backup/targets/copies.ts";
import { openS3Target } from "../../../src/backup/targets/s3.ts";
import type { BackupTarget } from "../../../src/backup/targets/target.ts";
import { Secret } from "../../../src/base/secret.ts";
import { systemClock } from "../../../src/base/wait.ts";
import type { Http, HttpRequest } from "../../../src/http/http.ts";
import { manifestWith } from "../../support/manifest.ts";

interface Answer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
}

const PAGE: Answer = { headers: { "content-type": "text/html" }, body: "<html>captive portal</html>" };
const sent = async ({ body }: HttpRequest): Promise<Buffer> =>
  typeof body === "object" && "open" in body ? await buffer(body.open()) : Buffer.from(body ?? "");
const md5 = (content: Buffer) => `"${createHash("md5").update(content).digest("hex")}"`;

/** Opens a target whose server answers as `answer` says; undefined: as an S3 server that stores everything. */
function targetThat(answer: (request: HttpRequest) => Answer | undefined): BackupTarget {
  const objects = new Map<string, Buffer>();
  const stores = ({ method, url }: HttpRequest, content: Buffer): Answer => {
    const path = new URL(url).pathname;
    if (method === "PUT") objects.set(path, content);
    if (method === "PUT") return { headers: { etag: md5(content) } };
    const found = objects.get(path);
    return found === undefined ? { status: 404, body: "<Error><Code>NoSuchKey</Code></Error>" } : { body: found };
  };
  const http: Pick<Http, "stream"> = {
    async stream(request) {
      const content = await sent(request);
      const { status = 200, headers = {}, body = "" } = answer(request) ?? stores(request, content);
      return { status, headers, body: Readable.from([Buffer.from(body)]) };
    },
  };
  return openS3Target(
    { endpoint: "https://s3.example", bucket: "shop", prefix: "", region: "r", accessKey: "", secretKey: "" },
    {
      clock: systemClock,
      signal: new AbortController().signal,
      openHttp: () => http as Http,
      secret: () => new Secret("key"),
    },
  );
}

const MD5_OF_OTHERS = `"${"0".repeat(32)}"`;
let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "s3-"));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

function backup() {
  const path = join(dir, "glitchtip-20261121-031500Z");
  mkdirSync(path);
  const file = { path: "database.dump", bytes: 4, sha256: createHash("sha256").update("dump").digest("hex") };
  writeFileSync(join(path, file.path), "dump");
  writeFileSync(join(path, "manifest.json"), JSON.stringify(manifestWith({ files: [file] })));
  return readBackup(path);
}

describe("an object that is stored in a bucket", () => {
  it.each([
    { what: "a web page", answer: PAGE, says: "a web page" },
    { what: "no ETag", answer: {}, says: "without an ETag" },
    { what: "the ETag of other content", answer: { headers: { etag: MD5_OF_OTHERS } }, says: "other content" },
  ])("is an error where the server answers 200 with $what", async ({ answer, says }) => {
    const target = targetThat((request) => (request.method === "PUT" ? answer : undefined));
    await expect(uploadBackup(target, backup())).rejects.toMatchObject({
      code: "GC1807",
      message: expect.stringContaining(says),
    });
  });

  it.each([
    { what: "of a server that encrypts with KMS", more: { "x-amz-server-side-encryption": "aws:kms" } },
    { what: "that is no MD5", more: { etag: '"opaque-1"' } },
  ])("may have an ETag $what", async ({ more }) => {
    const headers = { etag: MD5_OF_OTHERS, ...more };
    const target = targetThat((request) => (request.method === "PUT" ? { headers } : undefined));
    await target.put("x", { text: "x" });
  });

  it("is an error where another manifest, or none, is read back", async () => {
    const made = backup();
    await uploadBackup(
      targetThat(() => undefined),
      made,
    );
    for (const stored of [{ body: "{}" }, { status: 404, body: "<Error><Code>NoSuchKey</Code></Error>" }]) {
      const target = targetThat((request) => (request.method === "GET" ? stored : undefined));
      await expect(uploadBackup(target, made)).rejects.toMatchObject({
        code: "GC1807",
        message: expect.stringContaining("read back"),
      });
    }
  });
});

describe("an object that is stored in parts", () => {
  const started = { body: "<R><UploadId>u1</UploadId></R>" };
  /** A sparse file of two parts. */
  const large = () => {
    const file = join(dir, "large");
    writeFileSync(file, "");
    truncateSync(file, 65 * 1_048_576);
    return { file };
  };
  const inParts = (part: Answer | undefined, completed: Answer) =>
    targetThat((request) => {
      const { searchParams } = new URL(request.url);
      if (request.method === "POST") return searchParams.has("uploads") ? started : completed;
      return request.method === "PUT" ? part : {};
    });
  const done = { body: "<CompleteMultipartUploadResult><ETag>&quot;x-2&quot;</ETag></CompleteMultipartUploadResult>" };

  it.each([
    { what: "a part without an ETag", part: {}, completed: done, says: "without an ETag" },
    { what: "a part with a wrong ETag", part: { headers: { etag: MD5_OF_OTHERS } }, completed: done, says: "other" },
    { what: "a web page at the end", part: undefined, completed: PAGE, says: "a web page" },
    { what: "nothing at the end", part: undefined, completed: {}, says: "refuses POST" },
    {
      what: "no ETag at the end",
      part: undefined,
      completed: { body: "<CompleteMultipartUploadResult></CompleteMultipartUploadResult>" },
      says: "refuses POST",
    },
  ])("is an error with $what", async ({ part, completed, says }) => {
    await expect(inParts(part, completed).put("large", large())).rejects.toMatchObject({
      code: "GC1807",
      message: expect.stringContaining(says),
    });
  });

  it("is stored where every answer says so", async () => {
    await inParts(undefined, done).put("large", large());
  });
});

describe("a list of a bucket", () => {
  it.each([PAGE, { body: "ok" }, {}])("is an error, and not empty, where the server answers %j", async (answer) => {
    await expect(listUploaded(targetThat(() => answer))).rejects.toMatchObject({ code: "GC1807" });
  });

  it("is empty where the server lists nothing", async () => {
    const target = targetThat(() => ({ body: '<ListBucketResult xmlns="x"></ListBucketResult>' }));
    expect(await listUploaded(target)).toEqual([]);
  });
});
