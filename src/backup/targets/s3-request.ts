import { createHash } from "node:crypto";
import type { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { AwsV4Signer } from "aws4fetch";
import { defined } from "../../base/defined.ts";
import { CodedError } from "../../base/errors.ts";
import { retry } from "../../base/retry.ts";
import type { Secret } from "../../base/secret.ts";
import type { Clock } from "../../base/wait.ts";
import { HttpError, type HttpOptions, type HttpStream, type OpenHttp } from "../../http/http.ts";

export interface S3Place {
  readonly endpoint: string;
  readonly bucket: string;
  readonly prefix: string;
  readonly region: string;
  readonly accessKey: Secret;
  readonly secretKey: Secret;
}

const SILENT_FOR_MS = 60_000;
const RETRY_FOR_MS = 120_000;
const EMPTY_SHA256 = createHash("sha256").digest("hex");

export interface S3Call {
  readonly method: "GET" | "PUT" | "POST" | "DELETE";
  readonly key?: string;
  readonly query?: Readonly<Record<string, string>>;
  /** Made anew at each attempt. */
  readonly body?: { readonly sha256: string; readonly bytes: number; open(): Readable | string };
}

/** Sends a signed request to one bucket; undefined for an object that does not exist. */
export type S3Requests = (call: S3Call) => Promise<HttpStream | undefined>;

export interface S3Context {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly openHttp: OpenHttp;
  readonly env?: HttpOptions["env"];
}

export function openS3Requests(place: S3Place, { clock, signal, openHttp, env }: S3Context): S3Requests {
  const base = place.endpoint.replace(/\/$/, "");
  const path = (key: string) => key.split("/").map(encodeURIComponent).join("/");

  const http = openHttp({ timeoutMs: SILENT_FOR_MS, ...defined({ env }) });

  async function send({ method, key = "", query = {}, body }: S3Call): Promise<HttpStream> {
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
    const content = body?.open() ?? "";
    const request = {
      method,
      url: signed.url.href,
      headers: Object.fromEntries(signed.headers),
      body: typeof content === "string" ? content : { bytes: body?.bytes ?? 0, open: () => content },
    };
    return await http.stream(request, signal);
  }

  // Every call may be made twice: an object or a part is put whole or not at all.
  return async (wanted) => {
    let last = "";
    return (
      await retry<{ readonly answer: HttpStream | undefined }>({
        clock,
        signal,
        deadlineMs: RETRY_FOR_MS,
        pauseMs: { first: 500, longest: 10_000 },
        async attempt() {
          try {
            const answer = await send(wanted);
            const { status } = answer;
            if (status < 300) return { answer };
            const said = await text(answer.body);
            if (status === 404 && wanted.method === "GET" && /NoSuchKey/.test(said)) return { answer: undefined };
            if (status < 500 && status !== 429) throw s3Refusal(place, wanted, status, said);
            last = `${status} ${xmlText(said, "Code") ?? ""}`;
          } catch (error) {
            signal.throwIfAborted();
            if (error instanceof CodedError && !(error instanceof HttpError)) throw error;
            last = error instanceof HttpError ? error.reason : String(error);
          }
          return undefined;
        },
        late: () =>
          new CodedError("GC1807", `${base} does not take ${wanted.method} of ${wanted.key ?? place.bucket}: ${last}`, {
            remedy: "Check backup.target.s3.endpoint and whether it can be reached from here.",
          }),
      })
    ).answer;
  };
}

export const xmlText = (xml: string, name: string): string | undefined => {
  const found = new RegExp(`<${name}>([^<]*)</${name}>`).exec(xml)?.[1];
  return found === undefined ? undefined : unescapeXml(found);
};

export const unescapeXml = (text: string): string =>
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

export function s3Refusal(
  { bucket, endpoint }: S3Place,
  { method, key }: S3Call,
  status: number,
  said: string,
): CodedError {
  const code = xmlText(said, "Code");
  const what = `${endpoint} refuses ${method} of ${key === undefined ? `bucket ${bucket}` : `${bucket}/${key}`}`;
  return new CodedError("GC1807", `${what}: ${status}${code === undefined ? "" : ` ${code}`}`, {
    problems: [xmlText(said, "Message") ?? ""].filter((line) => line !== ""),
    remedy:
      code === "NoSuchBucket"
        ? `Make the bucket ${bucket} there.`
        : "Check backup.target.s3: bucket, region, accessKey, secretKey, and what they may do.",
  });
}
