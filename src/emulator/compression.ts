import { brotliDecompressSync, constants, gunzipSync, inflateRawSync, inflateSync } from "node:zlib";
import type { Incoming } from "./call.ts";
import type { World } from "./world.ts";

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

const DECODERS = new Map<string, Decode>([
  ["gzip", (piece) => gunzipSync(piece, zlib)],
  ["deflate", (piece) => inflateAny(piece)],
  ["br", (piece) => brotliDecompressSync(piece, { ...limits, finishFlush: constants.BROTLI_OPERATION_FLUSH })],
]);

/** Any other encoding is taken for none. */
export function plainBody({ body, headers }: Incoming, world: Pick<World, "has">): PlainBody {
  const encoding = (headers["content-encoding"] ?? "").toLowerCase();
  const decode = encoding === "br" && world.has("noBrotli") ? undefined : DECODERS.get(encoding);
  if (!decode || body.length === 0) return { bytes: body, end: "whole" };
  let bytes: Buffer = Buffer.alloc(0);
  let end: PlainBody["end"] = "whole";
  // The whole first; else the last piece that can be read is found by halving, as a long body has hundreds.
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
