import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { text } from "node:stream/consumers";
import { pipeline } from "node:stream/promises";
import { openS3Requests, type S3Call, s3Refusal, unescapeXml, xmlText } from "./s3-request.ts";
import type { BackupTarget, OpenTarget, TargetContent } from "./target.ts";

/** S3 accepts at most 10,000 parts of an object, and no part but the last below 5 MiB. */
const PART_BYTES = 64 * 1_048_576;

/** A bucket of an S3-compatible server. Contents are streamed; a call that fails for a moment is retried. */
export const openS3Target: OpenTarget<"s3"> = (settings, { secret, ...context }): BackupTarget => {
  const { endpoint, bucket, prefix } = settings;
  const place = { ...settings, accessKey: secret("accessKey"), secretKey: secret("secretKey") };
  const call = openS3Requests(place, context);
  const answerText = async (wanted: S3Call): Promise<string> => {
    const answer = await call(wanted);
    return answer === undefined ? "" : await text(answer.body);
  };

  async function putParts(key: string, file: string, bytes: number): Promise<void> {
    const started = await answerText({ method: "POST", key, query: { uploads: "" } });
    const uploadId = xmlText(started, "UploadId");
    if (uploadId === undefined) throw s3Refusal(place, { method: "POST", key }, 200, started);
    try {
      const parts: string[] = [];
      for (let start = 0, number = 1; start < bytes; start += PART_BYTES, number++) {
        const body = await fileBody(file, start, Math.min(bytes, start + PART_BYTES));
        const answer = await call({ method: "PUT", key, query: { partNumber: String(number), uploadId }, body });
        answer?.body.resume();
        parts.push(`<Part><PartNumber>${number}</PartNumber><ETag>${answer?.headers.etag ?? ""}</ETag></Part>`);
      }
      const list = `<CompleteMultipartUpload>${parts.join("")}</CompleteMultipartUpload>`;
      const answer = await answerText({ method: "POST", key, query: { uploadId }, body: textBody(list) });
      // The answer may be an error although its status is 200.
      if (xmlText(answer, "Code") !== undefined) throw s3Refusal(place, { method: "POST", key }, 200, answer);
    } catch (error) {
      await answerText({ method: "DELETE", key, query: { uploadId } }).catch(() => {});
      throw error;
    }
  }

  async function put(key: string, content: TargetContent): Promise<void> {
    if ("text" in content) return void (await answerText({ method: "PUT", key, body: textBody(content.text) }));
    const { size } = await stat(content.file);
    if (size > PART_BYTES) return await putParts(key, content.file, size);
    await answerText({ method: "PUT", key, body: await fileBody(content.file, 0, size) });
  }

  async function list(wanted: string): Promise<string[]> {
    const keys: string[] = [];
    for (let token: string | undefined, first = true; first || token !== undefined; first = false) {
      const page = token === undefined ? {} : { "continuation-token": token };
      const answer = await answerText({ method: "GET", query: { "list-type": "2", prefix: wanted, ...page } });
      keys.push(...[...answer.matchAll(/<Key>([^<]*)<\/Key>/g)].map(([, key = ""]) => unescapeXml(key)));
      token = xmlText(answer, "NextContinuationToken");
    }
    return keys;
  }

  return {
    place: `${endpoint}/${bucket}/${prefix}`,
    put: (key, content) => put(prefix + key, content),
    list: async (wanted) => (await list(prefix + wanted)).map((key) => key.slice(prefix.length)),
    fetch: async (key) => (await call({ method: "GET", key: prefix + key }))?.body,
    async delete(key) {
      await answerText({ method: "DELETE", key: prefix + key });
    },
  };
};

async function fileBody(path: string, start: number, end: number): Promise<NonNullable<S3Call["body"]>> {
  const open = () => (start === end ? "" : createReadStream(path, { start, end: end - 1 }));
  const hash = createHash("sha256");
  if (start < end) await pipeline(createReadStream(path, { start, end: end - 1 }), hash);
  return { sha256: hash.digest("hex"), bytes: end - start, open };
}

const textBody = (content: string): NonNullable<S3Call["body"]> => ({
  sha256: createHash("sha256").update(content).digest("hex"),
  bytes: Buffer.byteLength(content),
  open: () => content,
});
