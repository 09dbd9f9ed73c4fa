import type { ServerResponse } from "node:http";
import type { Clock } from "../base/wait.ts";
import { html, json, type Reply } from "./reply.ts";

/** What goes wrong with a request. "Acted" = the server did what was asked before it went wrong. */
export type FaultEffect =
  /** Answers this; `acted` false (default): nothing was done. */
  | {
      readonly kind: "answer";
      readonly status: number;
      /** A text, or a value that is sent as JSON. Default: a short HTML page. */
      readonly body?: unknown;
      readonly headers?: Readonly<Record<string, string>>;
      readonly acted?: boolean;
    }
  /** 429, with Retry-After in seconds or as a date. */
  | { readonly kind: "rate-limit"; readonly retryAfter?: number | Date }
  /** The connection is reset. */
  | { readonly kind: "reset"; readonly acted?: boolean }
  /** No answer, the connection stays open. */
  | { readonly kind: "hang"; readonly acted?: boolean }
  /** The real answer, its body in pieces of `bytes` (1) every `everyMs` (50). */
  | { readonly kind: "drip"; readonly bytes?: number; readonly everyMs?: number }
  /** The real answer, cut after `bytes` of its body (half of it). */
  | { readonly kind: "truncate"; readonly bytes?: number }
  /** The real answer with a content-length that is off by so many bytes. */
  | { readonly kind: "content-length"; readonly offBy: number }
  /** 301 to `location`, or to the same path with https. */
  | { readonly kind: "redirect"; readonly location?: string }
  /** 200 and a web page. */
  | { readonly kind: "html" }
  /** The real answer, later. */
  | { readonly kind: "delay"; readonly delayMs: number };

export interface Fault {
  /** Default: every method. */
  readonly method?: string;
  /** Against path and query. Default: every path. */
  readonly path?: RegExp;
  /** Starts with the so-many-th request that fits, counted from 1. Default 1. */
  readonly nth?: number;
  /** How many requests it hits. Default 1; `Infinity` = all from there on. */
  readonly times?: number;
  readonly effect: FaultEffect;
}

interface Armed {
  readonly fault: Fault;
  seen: number;
}

/** The faults of one emulator and how often each has fitted. */
export class Faults {
  #armed: Armed[] = [];

  add(fault: Fault): void {
    this.#armed.push({ fault, seen: 0 });
  }

  clear(): void {
    this.#armed = [];
  }

  /** The effect on this request, if any; every fault that fits counts it. */
  hit(method: string, target: string): FaultEffect | undefined {
    let effect: FaultEffect | undefined;
    for (const armed of this.#armed) {
      const { method: wanted, path, nth = 1, times = 1 } = armed.fault;
      if (wanted !== undefined && wanted.toUpperCase() !== method) continue;
      if (path && target.search(path) < 0) continue;
      armed.seen += 1;
      if (armed.seen >= nth && armed.seen < nth + times) effect ??= armed.fault.effect;
    }
    return effect;
  }
}

/** Whether the server does what was asked before the effect shows. */
export function actsFirst(effect: FaultEffect | undefined): boolean {
  switch (effect?.kind) {
    case "answer":
    case "reset":
    case "hang":
      return effect.acted === true;
    case "rate-limit":
    case "redirect":
    case "html":
      return false;
    default:
      return true;
  }
}

/** The answer that a fault puts in the place of the real one, for effects that do. */
export function replacedReply(effect: FaultEffect | undefined, target: string, host: string): Reply | undefined {
  switch (effect?.kind) {
    case "answer": {
      const { status, body = `<!doctype html><title>${status}</title>`, headers = {} } = effect;
      return typeof body === "string" ? html(status, body, headers) : json(status, body, headers);
    }
    case "rate-limit": {
      const { retryAfter } = effect;
      const value = retryAfter instanceof Date ? retryAfter.toUTCString() : String(retryAfter ?? 1);
      return json(429, { message: "Please retry later" }, { "retry-after": value });
    }
    case "redirect":
      return html(301, "", { location: effect.location ?? `https://${host}${target}` });
    case "html":
      return html(200, "<!doctype html><title>Welcome</title>\n");
    default:
      return undefined;
  }
}

/** Writes the answer the way the fault wants it; resolves to the status that went out, 0 for none. */
export async function deliver(
  response: ServerResponse,
  reply: Reply,
  effect: FaultEffect | undefined,
  clock: Clock,
): Promise<number> {
  const body = Buffer.from(reply.body);
  const head = (length: number) => response.writeHead(reply.status, { ...headersOf(reply), "content-length": length });
  switch (effect?.kind) {
    case "reset":
      response.socket?.resetAndDestroy();
      return 0;
    case "hang":
      return 0;
    case "truncate": {
      const shown = body.subarray(0, effect.bytes ?? Math.floor(body.length / 2));
      head(body.length).write(shown, () => response.destroy());
      return reply.status;
    }
    case "content-length":
      response.strictContentLength = false;
      head(Math.max(0, body.length + effect.offBy)).write(body, () => response.socket?.end());
      return reply.status;
    case "drip":
      await drip(head(body.length), body, effect, clock);
      return reply.status;
    case "delay":
      await clock.sleep(effect.delayMs);
  }
  head(body.length).end(body);
  return reply.status;
}

async function drip(
  response: ServerResponse,
  body: Buffer,
  { bytes = 1, everyMs = 50 }: Extract<FaultEffect, { kind: "drip" }>,
  clock: Clock,
): Promise<void> {
  for (let at = 0; at < body.length && !response.destroyed; at += bytes) {
    response.write(body.subarray(at, at + bytes));
    await clock.sleep(everyMs);
  }
  response.end();
}

function headersOf({ headers }: Reply): Record<string, string | string[]> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, typeof value === "string" ? value : [...value]]),
  );
}
