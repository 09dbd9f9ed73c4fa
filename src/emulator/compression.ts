import { brotliDecompressSync, constants, gunzipSync, inflateRawSync, inflateSync } from "node:zlib";
import type { Incoming, World } from "./call.ts";

/** GLITCHTIP_MAX_UNZIPPED_PAYLOAD_SIZE, unless set. What comes uncompressed has no limit. */
export const UNZIPPED_LIMIT_BYTES = 2_621_440;
/** So much is decompressed at a time: a piece that is broken or goes over the limit is lost whole (read). */
const PIECE_BYTES = 8192;

/** A body without its compression: what of it can be read, and why no more. */
export interface PlainBody {
  readonly bytes: Buffer;
  readonly end: "whole" | "broken" | "too big";
}

type Decode = (piece: Buffer) => Buffer;

const limits = { maxOutputLength: UNZIPPED_LIMIT_BYTES };
const zlib = { ...limits, finishFlush: constants.Z_SYNC_FLUSH };
const DECODERS: Readonly<Record<string, Decode>> = {
  gzip: (piece) => gunzipSync(piece, zlib),
  deflate: (piece) => inflateAny(piece),
  br: (piece) => brotliDecompressSync(piece, { ...limits, finishFlush: constants.BROTLI_OPERATION_FLUSH }),
};

/** Any other encoding is taken for none. */
export function plainBody({ body, headers }: Incoming, world: Pick<World, "has">): PlainBody {
  const encoding = (headers["content-encoding"] ?? "").toLowerCase();
  const decode = encoding === "br" && world.has("noBrotli") ? undefined : DECODERS[encoding];
  if (!decode || body.length === 0) return { bytes: body, end: "whole" };
  try {
    return { bytes: decode(body), end: "whole" };
  } catch {
    return readablePart(body, decode);
  }
}

function readablePart(body: Buffer, decode: Decode): PlainBody {
  let bytes: Buffer = Buffer.alloc(0);
  for (let end = PIECE_BYTES; ; end += PIECE_BYTES) {
    try {
      bytes = decode(body.subarray(0, end));
    } catch (error) {
      return { bytes, end: isTooBig(error) ? "too big" : "broken" };
    }
  }
}

/** With or without zlib's header: clients disagree. */
function inflateAny(piece: Buffer): Buffer {
  try {
    return inflateSync(piece, zlib);
  } catch (error) {
    if (isTooBig(error)) throw error;
    return inflateRawSync(piece, zlib);
  }
}

const isTooBig = (error: unknown): boolean =>
  error instanceof RangeError && "code" in error && error.code === "ERR_BUFFER_TOO_LARGE";
