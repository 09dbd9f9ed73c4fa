import { Transform } from "node:stream";
import { createGunzip } from "node:zlib";
import type { FastifyInstance } from "fastify";
import { CodedError } from "../../base/errors.ts";

export const BODY_LIMIT_BYTES = 64 * 1_024 * 1_024;
export const COMPRESSED_LIMIT_BYTES = 10 * 1_024 * 1_024;

/**
 * Reads bodies that are compressed with gzip. The limits hold while the body is read, so that a small body that becomes a
 * huge one is refused before it is in memory.
 */
export function readGzip(app: FastifyInstance): void {
  app.addHook("preParsing", async (request, _, payload) => {
    const encoding = request.headers["content-encoding"]?.toLowerCase() ?? "identity";
    if (encoding === "identity") return payload;
    if (encoding !== "gzip") {
      throw new CodedError("GC2004", `content-encoding ${encoding} is not supported`, {
        remedy: "Send the body as it is, or compressed with gzip.",
      });
    }
    // Fastify compares the length of what was sent with its header.
    const counted = new Transform({
      transform(chunk: Buffer, _encoding, done) {
        gunzip.receivedEncodedLength += chunk.length;
        const tooLarge = gunzip.receivedEncodedLength > COMPRESSED_LIMIT_BYTES;
        done(tooLarge ? tooMuch(COMPRESSED_LIMIT_BYTES) : null, chunk);
      },
    });
    const gunzip = Object.assign(createGunzip(), { receivedEncodedLength: 0 });
    payload.on("error", (error) => counted.destroy(error));
    counted.on("error", (error) => gunzip.destroy(error));
    const read = payload.pipe(counted).pipe(gunzip);
    const failed = (error: Error) => {
      const { code = "" } = error as NodeJS.ErrnoException;
      if (code.startsWith("Z_") || code === "ERR_BUFFER_TOO_LARGE") {
        Object.assign(error, { statusCode: 400, message: `Invalid gzip data: ${error.message}` });
      }
    };
    // The first listener: Fastify's own sees the error as it is now.
    read.prependListener("error", failed);
    return read;
  });
}

/** The error of a body that is longer than allowed. */
export const tooMuch = (limitBytes: number): Error =>
  Object.assign(new Error(`the body has more than ${limitBytes} bytes`), { statusCode: 413 });
