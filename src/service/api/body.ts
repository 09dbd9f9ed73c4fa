import { Transform } from "node:stream";
import { createGunzip } from "node:zlib";
import type { FastifyInstance, FastifyRequest } from "fastify";
import { CodedError } from "../../base/errors.ts";
import { countParts } from "../json-parts.ts";

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

/** Deeper than any request. A million levels take a second to parse. */
export const DEEPEST_JSON = 100;

type JsonParser = (
  request: FastifyRequest,
  bytes: readonly Buffer[],
  done: (error: Error | null, json?: unknown) => void,
) => void;

/** Returns a parser of whole bodies, which calls back. */
export function jsonParser(app: FastifyInstance): JsonParser {
  const parse = app.getDefaultJsonParser("error", "error");
  return (request, bytes, done) => {
    if (countParts(bytes, DEEPEST_JSON) > 0) {
      return done(
        Object.assign(new Error(`the body is nested deeper than ${DEEPEST_JSON} levels`), { statusCode: 400 }),
      );
    }
    // Fastify's own parser calls back.
    void parse(request, Buffer.concat(bytes).toString("utf8"), done);
  };
}

/** Parses JSON bodies. */
export function readJson(app: FastifyInstance): void {
  const parse = jsonParser(app);
  app.addContentTypeParser<Buffer>("application/json", { parseAs: "buffer" }, (request, bytes, done) =>
    parse(request, [bytes], done),
  );
}

/** The error of a body that is longer than allowed. */
export const tooMuch = (limitBytes: number): Error =>
  Object.assign(new Error(`the body has more than ${limitBytes} bytes`), { statusCode: 413 });
