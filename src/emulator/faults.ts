import type { ServerResponse } from "node:http";
import type { Clock } from "../base/wait.ts";
import type { Fault, FaultEffect } from "./fault.ts";
import { html, json, type Reply } from "./reply.ts";

interface Armed {
  readonly fault: Fault;
  seen: number;
}

/** The faults of one emulator, with the number of requests that each has matched. */
export class Faults {
  #armed: Armed[] = [];

  add(fault: Fault): void {
    this.#armed.push({ fault, seen: 0 });
  }

  clear(): void {
    this.#armed = [];
  }

  /** Returns the effect on this request, if any. Every matching fault counts the request. */
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

/** Returns whether the server executes the request before the effect becomes visible. */
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

/** Returns the answer that replaces the real one, for effects that replace it. */
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

/** Writes the answer with the effect of the fault. Resolves to the status that was sent, 0 for none. */
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
