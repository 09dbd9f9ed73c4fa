import { createHash } from "node:crypto";
import { stat } from "node:fs/promises";
import { text } from "node:stream/consumers";
import { AwsV4Signer } from "aws4fetch";
import { defined } from "../../base/defined.ts";
import { CodedError } from "../../base/errors.ts";
import { retry } from "../../base/retry.ts";
import type { Secret } from "../../base/secret.ts";
import { type Http, HttpError, type HttpStream } from "../../http/http.ts";
import {
  escapeXml,
  fileBody,
  isEncryptedByServer,
  type S3Body,
  s3Refusal,
  textBody,
  unescapeXml,
  xmlText,
} from "./s3-wire.ts";
import type { BackupTarget, OpenTarget, TargetContent, TargetContext, TargetSettings } from "./target.ts";

/** S3 accepts at most 10,000 parts of an object, and no part but the last below 5 MiB. */
const PART_BYTES = 64 * 1_048_576;
const SILENT_FOR_MS = 60_000;
const RETRY_FOR_MS = 120_000;
const EMPTY_SHA256 = createHash("sha256").digest("hex");

/** A bucket of an S3-compatible server. Contents are streamed; a call that fails for a moment is retried. */
export const openS3Target: OpenTarget<"s3"> = (settings, context): BackupTarget => {
  const { endpoint, bucket, prefix } = settings;
  const s3 = new S3Bucket(settings, context);
  return {
    place: `${endpoint}/${bucket}/${prefix}`,
    put: (key, content) => s3.put(prefix + key, content),
    list: async (wanted) => (await s3.list(prefix + wanted)).map((key) => key.slice(prefix.length)),
    fetch: async (key) => (await s3.call({ method: "GET", key: prefix + key }))?.body,
    async delete(key) {
      await s3.callForText({ method: "DELETE", key: prefix + key });
    },
  };
};

interface S3Call {
  readonly method: "GET" | "PUT" | "POST" | "DELETE";
  readonly key?: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: S3Body;
}

/** What one attempt of a call led to: an answer, none because the object does not exist, or a reason to retry. */
type Attempt = { readonly answer: HttpStream | undefined } | { readonly reason: string };

class S3Bucket {
  readonly #settings: TargetSettings["s3"];
  readonly #context: TargetContext;
  readonly #http: Http;
  readonly #accessKey: Secret;
  readonly #secretKey: Secret;

  constructor(settings: TargetSettings["s3"], context: TargetContext) {
    this.#settings = settings;
    this.#context = context;
    this.#accessKey = context.secret("accessKey");
    this.#secretKey = context.secret("secretKey");
    this.#http = context.openHttp({ timeoutMs: SILENT_FOR_MS, ...defined({ env: context.env }) });
  }

  async put(key: string, content: TargetContent): Promise<void> {
    if ("text" in content) return void (await this.#store({ method: "PUT", key, body: textBody(content.text) }));
    const { size } = await stat(content.file);
    if (size > PART_BYTES) return await this.#putParts(key, content.file, size);
    await this.#store({ method: "PUT", key, body: await fileBody(content.file, 0, size) });
  }

  /** Stores an object or a part of one, and returns its ETag. Throws GC1807 unless the answer says that this was stored. */
  async #store(call: S3Call): Promise<string> {
    const answer = await this.call(call);
    answer?.body.resume();
    const etag = answer?.headers.etag;
    if (answer === undefined || typeof etag !== "string" || etag === "") {
      throw this.#refusal(call, answer?.status ?? 404, "", "without an ETag, so nothing was stored in S3");
    }
    const isMd5 = /^"?[0-9a-f]{32}"?$/i.test(etag) && !isEncryptedByServer(answer);
    if (isMd5 && etag.replaceAll('"', "").toLowerCase() !== call.body?.md5) {
      throw this.#refusal(call, answer.status, "", "with the ETag of other content");
    }
    return etag;
  }

  async #putParts(key: string, file: string, bytes: number): Promise<void> {
    const started = await this.callForText({ method: "POST", key, query: { uploads: "" } });
    const uploadId = xmlText(started, "UploadId");
    if (uploadId === undefined) throw this.#refusal({ method: "POST", key }, 200, started);
    try {
      const parts: string[] = [];
      for (let start = 0, number = 1; start < bytes; start += PART_BYTES, number++) {
        const body = await fileBody(file, start, Math.min(bytes, start + PART_BYTES));
        const etag = await this.#store({ method: "PUT", key, query: { partNumber: String(number), uploadId }, body });
        parts.push(`<Part><PartNumber>${number}</PartNumber><ETag>${escapeXml(etag)}</ETag></Part>`);
      }
      const list = `<CompleteMultipartUpload>${parts.join("")}</CompleteMultipartUpload>`;
      const answer = await this.callForText({ method: "POST", key, query: { uploadId }, body: textBody(list) });
      // The answer may be an error although its status is 200.
      if (!answer.includes("CompleteMultipartUploadResult") || !xmlText(answer, "ETag")) {
        throw this.#refusal({ method: "POST", key }, 200, answer);
      }
    } catch (error) {
      await this.callForText({ method: "DELETE", key, query: { uploadId } }).catch(() => {});
      throw error;
    }
  }

  async list(prefix: string): Promise<string[]> {
    const keys: string[] = [];
    for (let token: string | undefined, first = true; first || token !== undefined; first = false) {
      const page: Record<string, string> = token === undefined ? {} : { "continuation-token": token };
      const answer = await this.callForText({ method: "GET", query: { "list-type": "2", prefix, ...page } });
      if (!/<ListBucketResult[\s>]/.test(answer)) {
        throw this.#refusal({ method: "GET" }, 200, answer, "with something that is no S3 list");
      }
      keys.push(...[...answer.matchAll(/<Key>([^<]*)<\/Key>/g)].map(([, key = ""]) => unescapeXml(key)));
      token = xmlText(answer, "NextContinuationToken");
    }
    return keys;
  }

  async callForText(call: S3Call): Promise<string> {
    const answer = await this.call(call);
    return answer === undefined ? "" : await text(answer.body);
  }

  /** Returns undefined for an object that does not exist. Every call may be repeated: an object is stored whole or not. */
  async call(call: S3Call): Promise<HttpStream | undefined> {
    const { endpoint, bucket } = this.#settings;
    const { clock, signal } = this.#context;
    let last = "";
    const done = await retry<Extract<Attempt, { answer: unknown }>>({
      clock,
      signal,
      deadlineMs: RETRY_FOR_MS,
      pauseMs: { first: 500, longest: 10_000 },
      attempt: async () => {
        const attempt = await this.#attempt(call);
        if ("answer" in attempt) return attempt;
        last = attempt.reason;
        return undefined;
      },
      late: () =>
        new CodedError(
          "GC1807",
          `${trimmed(endpoint)} does not take ${call.method} of ${call.key ?? bucket}: ${last}`,
          {
            remedy: "Check backup.target.s3.endpoint and whether it can be reached from here.",
          },
        ),
    });
    return done.answer;
  }

  async #attempt(call: S3Call): Promise<Attempt> {
    let answer: HttpStream;
    let said: string;
    try {
      answer = await this.#send(call);
      // Objects of ours have no such type: a portal or a proxy has answered in the place of the server.
      const isPage = /^text\/html/i.test(String(answer.headers["content-type"] ?? ""));
      if (answer.status < 300 && !isPage) return { answer };
      said = await text(answer.body);
      if (isPage && answer.status < 300) throw this.#refusal(call, answer.status, "", "with a web page");
    } catch (error) {
      this.#context.signal.throwIfAborted();
      if (error instanceof CodedError && error.code === "GC1807") throw error;
      return { reason: error instanceof HttpError ? error.reason : String(error) };
    }
    const { status } = answer;
    if (status === 404 && call.method === "GET" && /NoSuchKey/.test(said)) return { answer: undefined };
    if (status < 500 && status !== 429) throw this.#refusal(call, status, said);
    return { reason: `${status} ${xmlText(said, "Code") ?? ""}` };
  }

  async #send({ method, key = "", query = {}, body }: S3Call): Promise<HttpStream> {
    const { endpoint, bucket, region } = this.#settings;
    const url = new URL(`${trimmed(endpoint)}/${bucket}/${key.split("/").map(encodeURIComponent).join("/")}`);
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
    const signed = await new AwsV4Signer({
      method,
      url: url.href,
      headers: { "x-amz-content-sha256": body?.sha256 ?? EMPTY_SHA256 },
      accessKeyId: this.#accessKey.reveal(),
      secretAccessKey: this.#secretKey.reveal(),
      service: "s3",
      region,
    }).sign();
    const content = body?.open() ?? "";
    const request = {
      method,
      url: signed.url.href,
      headers: Object.fromEntries(signed.headers),
      body: typeof content === "string" ? content : { bytes: body?.bytes ?? 0, open: () => content },
    };
    return await this.#http.stream(request, this.#context.signal);
  }

  #refusal(call: S3Call, status: number, said: string, strange?: string): CodedError {
    return s3Refusal(this.#settings, call, { status, said, strange });
  }
}

const trimmed = (endpoint: string): string => endpoint.replace(/\/$/, "");
