import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import type { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { pipeline } from "node:stream/promises";
import { type Call, openRequests, plain, refused, type S3Place, tag } from "./s3-request.ts";

/** Objects in one bucket, by their keys. Streams in both directions; what fails for a moment is tried again. */
export interface S3 {
  put(key: string, path: string): Promise<void>;
  putText(key: string, content: string): Promise<void>;
  /** Undefined where there is none. */
  get(key: string): Promise<Readable | undefined>;
  list(prefix: string): Promise<string[]>;
  remove(key: string): Promise<void>;
}

/** S3 takes at most 10,000 parts of an object, none but the last below 5 MiB. */
const PART_BYTES = 64 * 1_048_576;

export function openS3(place: S3Place, context: Parameters<typeof openRequests>[1]): S3 {
  const call = openRequests(place, context);
  const done = async (wanted: Call): Promise<string> => {
    const answer = await call(wanted);
    return answer === undefined ? "" : await text(answer);
  };

  async function putParts(key: string, file: string, bytes: number): Promise<void> {
    const started = await done({ method: "POST", key, query: { uploads: "" } });
    const uploadId = tag(started, "UploadId");
    if (uploadId === undefined) throw refused(place, { method: "POST", key }, 200, started);
    try {
      const parts: string[] = [];
      for (let start = 0, number = 1; start < bytes; start += PART_BYTES, number++) {
        const body = await bodyOf(file, start, Math.min(bytes, start + PART_BYTES));
        const answer = await call({ method: "PUT", key, query: { partNumber: String(number), uploadId }, body });
        answer?.resume();
        parts.push(`<Part><PartNumber>${number}</PartNumber><ETag>${answer?.headers.etag ?? ""}</ETag></Part>`);
      }
      const list = `<CompleteMultipartUpload>${parts.join("")}</CompleteMultipartUpload>`;
      const answer = await done({ method: "POST", key, query: { uploadId }, body: textBody(list) });
      // It may be a refusal although the status is 200.
      if (tag(answer, "Code") !== undefined) throw refused(place, { method: "POST", key }, 200, answer);
    } catch (error) {
      await done({ method: "DELETE", key, query: { uploadId } }).catch(() => {});
      throw error;
    }
  }

  return {
    async put(key, file) {
      const { size } = await stat(file);
      if (size > PART_BYTES) return await putParts(key, file, size);
      await done({ method: "PUT", key, body: await bodyOf(file, 0, size) });
    },
    async putText(key, content) {
      await done({ method: "PUT", key, body: textBody(content) });
    },
    get: (key) => call({ method: "GET", key }),
    async list(prefix) {
      const keys: string[] = [];
      for (let token: string | undefined, first = true; first || token !== undefined; first = false) {
        const query = { "list-type": "2", prefix, ...(token === undefined ? {} : { "continuation-token": token }) };
        const answer = await done({ method: "GET", query });
        keys.push(...[...answer.matchAll(/<Key>([^<]*)<\/Key>/g)].map(([, key = ""]) => plain(key)));
        token = tag(answer, "NextContinuationToken");
      }
      return keys;
    },
    async remove(key) {
      await done({ method: "DELETE", key });
    },
  };
}

async function bodyOf(path: string, start: number, end: number): Promise<NonNullable<Call["body"]>> {
  const open = () => (start === end ? "" : createReadStream(path, { start, end: end - 1 }));
  const hash = createHash("sha256");
  if (start < end) await pipeline(createReadStream(path, { start, end: end - 1 }), hash);
  return { sha256: hash.digest("hex"), bytes: end - start, open };
}

const textBody = (content: string): NonNullable<Call["body"]> => ({
  sha256: createHash("sha256").update(content).digest("hex"),
  bytes: Buffer.byteLength(content),
  open: () => content,
});
