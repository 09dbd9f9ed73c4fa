import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import type { Readable } from "node:stream";
import { CodedError } from "../../base/errors.ts";
import type { HttpStream } from "../../http/http.ts";
import type { TargetSettings } from "./target.ts";

export interface S3Body {
  readonly sha256: string;
  readonly md5: string;
  readonly bytes: number;
  /** Opens the content. It is called for each attempt. */
  open(): Readable | string;
}

/** Reads a part of a file for its checksums, and opens it anew for each attempt. */
export async function fileBody(path: string, start: number, end: number): Promise<S3Body> {
  const open = () => (start === end ? "" : createReadStream(path, { start, end: end - 1 }));
  const [sha256, md5] = [createHash("sha256"), createHash("md5")];
  if (start < end) {
    for await (const chunk of createReadStream(path, { start, end: end - 1 })) {
      sha256.update(chunk);
      md5.update(chunk);
    }
  }
  return { sha256: sha256.digest("hex"), md5: md5.digest("hex"), bytes: end - start, open };
}

export const textBody = (content: string): S3Body => ({
  sha256: createHash("sha256").update(content).digest("hex"),
  md5: createHash("md5").update(content).digest("hex"),
  bytes: Buffer.byteLength(content),
  open: () => content,
});

/** Returns the text of the first element of this name. */
export const xmlText = (xml: string, name: string): string | undefined => {
  const found = new RegExp(`<${name}>([^<]*)</${name}>`).exec(xml)?.[1];
  return found === undefined ? undefined : unescapeXml(found);
};

/** With a key of KMS or of the client, an ETag is not the content's MD5. */
export const isEncryptedByServer = ({ headers }: Pick<HttpStream, "headers">): boolean =>
  /^aws:kms/.test(String(headers["x-amz-server-side-encryption"] ?? "")) ||
  headers["x-amz-server-side-encryption-customer-algorithm"] !== undefined;

export const escapeXml = (text: string): string =>
  text.replace(/[<>&]/g, (mark) => ({ "<": "&lt;", ">": "&gt;" })[mark] ?? "&amp;");

const ENTITIES: Readonly<Record<string, string>> = {
  lt: "<",
  gt: ">",
  quot: '"',
  apos: "'",
  amp: "&",
  "#34": '"',
  "#39": "'",
};

export const unescapeXml = (escaped: string): string =>
  escaped.replace(/&(lt|gt|quot|apos|amp|#34|#39);/g, (whole, name: string) => ENTITIES[name] ?? whole);

interface S3Refusal {
  readonly status: number;
  /** The body of the answer. */
  readonly said: string;
  /** What is wrong with an answer whose status is one of success. */
  readonly strange: string | undefined;
}

/** Returns GC1807 for an answer that is not one of success. */
export function s3Refusal(
  { bucket, endpoint }: Pick<TargetSettings["s3"], "bucket" | "endpoint">,
  { method, key }: { readonly method: string; readonly key?: string },
  { status, said, strange }: S3Refusal,
): CodedError {
  const code = xmlText(said, "Code");
  const of = `${method} of ${key === undefined ? `bucket ${bucket}` : `${bucket}/${key}`}`;
  if (strange !== undefined) {
    return new CodedError("GC1807", `${endpoint} answers ${of} with ${status}, but ${strange}`, {
      remedy: "Check that backup.target.s3.endpoint is an S3 server, and no portal or proxy answers in its place.",
    });
  }
  return new CodedError("GC1807", `${endpoint} refuses ${of}: ${status}${code === undefined ? "" : ` ${code}`}`, {
    problems: [xmlText(said, "Message") ?? ""].filter((line) => line !== ""),
    remedy:
      code === "NoSuchBucket"
        ? `Create the bucket ${bucket} there.`
        : "Check backup.target.s3: bucket, region, accessKey, secretKey, and what they may do.",
  });
}
