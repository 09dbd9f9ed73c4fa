import { brotliDecompressSync, constants, gunzipSync, inflateRawSync, inflateSync } from "node:zlib";
import type { Incoming } from "./call.ts";
import type { World } from "./world.ts";

/** The default of GLITCHTIP_MAX_UNZIPPED_PAYLOAD_SIZE. Uncompressed bodies have no limit. */
export const UNZIPPED_LIMIT_BYTES = 2_621_440;

/** The server decompresses in pieces of this size; a piece that is broken or exceeds the limit is lost entirely (read). */
const PIECE_BYTES = 8192;

/** A decompressed body: the bytes that could be read, and why there are no more. */
export interface PlainBody {
  readonly bytes: Buffer;
  readonly end: "whole" | "broken" | "too big";
}

type Decode = (piece: Buffer) => Buffer;

const limits = { maxOutputLength: UNZIPPED_LIMIT_BYTES };
const zlib = { ...limits, finishFlush: constants.Z_SYNC_FLUSH };

const DECODERS = new Map<string, Decode>([
  ["gzip", (piece) => gunzipSync(piece, zlib)],
  ["deflate", (piece) => inflateAny(piece)],
  ["br", (piece) => brotliDecompressSync(piece, { ...limits, finishFlush: constants.BROTLI_OPERATION_FLUSH })],
]);

/** Decompresses a body. An unknown encoding is ignored. */
export function plainBody({ body, headers }: Incoming, world: Pick<World, "has">): PlainBody {
  const encoding = (headers["content-encoding"] ?? "").toLowerCase();
  const decode = encoding === "br" && world.has("noBrotli") ? undefined : DECODERS.get(encoding);
  if (!decode || body.length === 0) return { bytes: body, end: "whole" };
  let bytes: Buffer = Buffer.alloc(0);
  let end: PlainBody["end"] = "whole";
  // Tries the whole body first. If that fails, a binary search finds the last piece that can be read.
  for (let [readable, failing] = [0, Math.ceil(body.length / PIECE_BYTES) + 1]; failing - readable > 1; ) {
    const tried = end === "whole" ? failing - 1 : (readable + failing) >> 1;
    try {
      bytes = decode(body.subarray(0, tried * PIECE_BYTES));
      readable = tried;
    } catch (error) {
      end = isTooBig(error) ? "too big" : "broken";
      failing = tried;
    }
  }
  return { bytes, end };
}

/** Inflates with or without zlib's header, since clients send both. */
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
