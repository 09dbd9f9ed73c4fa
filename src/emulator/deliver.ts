import type { ServerResponse } from "node:http";
import type { Clock } from "../base/wait.ts";
import type { FaultEffect } from "./faults.ts";
import { html, json, type Reply } from "./reply.ts";

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
