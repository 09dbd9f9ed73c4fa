import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { request as httpRequest, type IncomingMessage } from "node:http";
import { request as httpsRequest } from "node:https";
import type { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { pipeline } from "node:stream/promises";
import { AwsV4Signer } from "aws4fetch";
import { CodedError } from "../../base/errors.ts";
import type { Secret } from "../../base/secret.ts";
import { type Clock, waitUntil } from "../../base/wait.ts";

export interface S3Place {
  readonly endpoint: string;
  readonly bucket: string;
  readonly prefix: string;
  readonly region: string;
  readonly accessKey: Secret;
  readonly secretKey: Secret;
}

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
const SILENT_FOR_MS = 60_000;
const RETRY_FOR_MS = 120_000;
const EMPTY_SHA256 = createHash("sha256").digest("hex");

interface Call {
  readonly method: "GET" | "PUT" | "POST" | "DELETE";
  readonly key?: string;
  readonly query?: Readonly<Record<string, string>>;
  /** Made anew at each attempt. */
  readonly body?: { readonly sha256: string; readonly bytes: number; open(): Readable | string };
}

export function openS3(place: S3Place, { clock, signal }: { readonly clock: Clock; readonly signal: AbortSignal }): S3 {
  const base = place.endpoint.replace(/\/$/, "");
  const path = (key: string) => key.split("/").map(encodeURIComponent).join("/");

  async function send({ method, key = "", query = {}, body }: Call): Promise<IncomingMessage> {
    const url = new URL(`${base}/${place.bucket}/${path(key)}`);
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
    const signed = await new AwsV4Signer({
      method,
      url: url.href,
      headers: { "x-amz-content-sha256": body?.sha256 ?? EMPTY_SHA256 },
      accessKeyId: place.accessKey.reveal(),
      secretAccessKey: place.secretKey.reveal(),
      service: "s3",
      region: place.region,
    }).sign();
    const headers = { ...Object.fromEntries(signed.headers), "content-length": String(body?.bytes ?? 0) };
    const start = url.protocol === "https:" ? httpsRequest : httpRequest;
    return await new Promise<IncomingMessage>((resolve, reject) => {
      const request = start(signed.url, { method, headers, signal, timeout: SILENT_FOR_MS }, resolve);
      request.once("timeout", () => request.destroy(new Error(`silent for ${SILENT_FOR_MS / 1_000} s`)));
      request.once("error", reject);
      const content = body?.open() ?? "";
      if (typeof content === "string") request.end(content);
      else pipeline(content, request).catch(reject);
    });
  }

  /** Every call may be made twice: an object or a part is put whole or not at all. */
  async function call(wanted: Call): Promise<IncomingMessage | undefined> {
    let last = "";
    return (
      await waitUntil<{ readonly answer: IncomingMessage | undefined }>({
        clock,
        signal,
        deadlineMs: RETRY_FOR_MS,
        pauseMs: { first: 500, longest: 10_000 },
        async attempt() {
          try {
            const answer = await send(wanted);
            const status = answer.statusCode ?? 0;
            if (status < 300) return { answer };
            const said = await text(answer);
            if (status === 404 && wanted.method === "GET" && /NoSuchKey/.test(said)) return { answer: undefined };
            if (status < 500 && status !== 429) throw refused(place, wanted, status, said);
            last = `${status} ${tag(said, "Code") ?? ""}`;
          } catch (error) {
            signal.throwIfAborted();
            if (error instanceof CodedError) throw error;
            last = error instanceof Error ? error.message || error.name : String(error);
          }
          return undefined;
        },
        late: () =>
          new CodedError("GC1807", `${base} does not take ${wanted.method} of ${wanted.key ?? place.bucket}: ${last}`, {
            remedy: "Check backup.target.s3.endpoint and whether it can be reached from here.",
          }),
      })
    ).answer;
  }

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

const tag = (xml: string, name: string): string | undefined => {
  const found = new RegExp(`<${name}>([^<]*)</${name}>`).exec(xml)?.[1];
  return found === undefined ? undefined : plain(found);
};

const plain = (text: string): string =>
  text.replace(/&(lt|gt|quot|apos|amp|#34|#39);/g, (whole, name: string) => ENTITIES[name] ?? whole);
const ENTITIES: Readonly<Record<string, string>> = {
  lt: "<",
  gt: ">",
  quot: '"',
  apos: "'",
  amp: "&",
  "#34": '"',
  "#39": "'",
};

function refused({ bucket, endpoint }: S3Place, { method, key }: Call, status: number, said: string): CodedError {
  const code = tag(said, "Code");
  const what = `${endpoint} refuses ${method} of ${key === undefined ? `bucket ${bucket}` : `${bucket}/${key}`}`;
  return new CodedError("GC1807", `${what}: ${status}${code === undefined ? "" : ` ${code}`}`, {
    problems: [tag(said, "Message") ?? ""].filter((line) => line !== ""),
    remedy:
      code === "NoSuchBucket"
        ? `Make the bucket ${bucket} there.`
        : "Check backup.target.s3: bucket, region, accessKey, secretKey, and what they may do.",
  });
}
