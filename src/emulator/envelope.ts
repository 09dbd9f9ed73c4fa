import { brotliDecompressSync, gunzipSync, inflateSync } from "node:zlib";
import { isObject } from "./body.ts";
import type { Incoming } from "./call.ts";

interface EnvelopeItem {
  readonly type: string;
  readonly payload: unknown;
}

export interface Envelope {
  /** 32 hex characters, or none. */
  readonly eventId: string | undefined;
  readonly items: readonly EnvelopeItem[];
}

/** The body without its compression; `undefined` when it is broken. */
export function plainBody(incoming: Incoming): Buffer | undefined {
  try {
    switch (incoming.headers["content-encoding"]) {
      case "gzip":
        return gunzipSync(incoming.body);
      case "deflate":
        return inflateSync(incoming.body);
      case "br":
        return brotliDecompressSync(incoming.body);
      default:
        return incoming.body;
    }
  } catch {
    return undefined;
  }
}

export function hexId(value: unknown): string | undefined {
  const hex = typeof value === "string" ? value.replaceAll("-", "").toLowerCase() : "";
  return /^[0-9a-f]{32}$/.test(hex) ? hex : undefined;
}

/** `undefined` when the first line is no envelope header; items after a broken one are dropped. */
export function parseEnvelope(body: Buffer): Envelope | undefined {
  const lines = new Lines(body);
  const header = parsed(lines.next());
  if (!isObject(header)) return undefined;
  const id = header.event_id;
  if (id !== undefined && id !== null && hexId(id) === undefined) return undefined;
  const items: EnvelopeItem[] = [];
  for (;;) {
    const itemHeader = parsed(lines.next());
    if (!isObject(itemHeader) || typeof itemHeader.type !== "string") break;
    const { type, length } = itemHeader;
    const payload = typeof length === "number" ? lines.take(length) : lines.next();
    if (payload === undefined) break;
    items.push({ type, payload: parsed(payload) });
  }
  return { eventId: hexId(id), items };
}

function parsed(text: Buffer | undefined): unknown {
  try {
    return text === undefined ? undefined : JSON.parse(text.toString("utf8"));
  } catch {
    return undefined;
  }
}

class Lines {
  readonly #body: Buffer;
  #at = 0;

  constructor(body: Buffer) {
    this.#body = body;
  }

  next(): Buffer | undefined {
    if (this.#at >= this.#body.length) return undefined;
    const end = this.#body.indexOf(10, this.#at);
    const line = this.#body.subarray(this.#at, end < 0 ? this.#body.length : end);
    this.#at = end < 0 ? this.#body.length : end + 1;
    return line;
  }

  /** So many bytes and the newline behind them; `undefined` when there are fewer. */
  take(length: number): Buffer | undefined {
    const end = this.#at + length;
    if (end > this.#body.length) return undefined;
    const taken = this.#body.subarray(this.#at, end);
    this.#at = this.#body[end] === 10 ? end + 1 : end;
    return taken;
  }
}
