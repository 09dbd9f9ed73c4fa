import type { Readable } from "node:stream";
import { linkSignals } from "../base/abort.ts";
import { CodedError } from "../base/errors.ts";
import {
  type Http,
  type HttpOptions,
  type HttpRequest,
  type HttpStream,
  httpError,
  withoutCredentials,
} from "./http.ts";

/** What an adapter adds to the rules that all clients share: one request over its own library. */
export interface HttpAdapter {
  /** Resolves with the head of the answer. Rejects, or destroys the body, when the signal is aborted. */
  start(request: HttpRequest, signal: AbortSignal): Promise<HttpStream>;
  close(): Promise<void>;
}

export const TIMEOUT_MS = 15_000;
export const CONNECTIONS = 4;
const CONNECT_TIMEOUT_MS = 5_000;
const ANSWER_LIMIT_BYTES = 32 * 1024 * 1024;

export const connectTimeoutMs = (timeoutMs: number): number => Math.min(timeoutMs, CONNECT_TIMEOUT_MS);

/** Adds deadlines, the limit of an answer's size and readable errors to an adapter. */
export function httpOver(adapter: HttpAdapter, options: HttpOptions): Http {
  const { timeoutMs = TIMEOUT_MS, answerLimitBytes = ANSWER_LIMIT_BYTES, remedies } = options;
  const explained = (error: unknown, { method, url }: HttpRequest, callers: AbortSignal, own: AbortSignal) => {
    callers.throwIfAborted();
    if (error instanceof CodedError) return error;
    return httpError(own.aborted ? own.reason : error, `${method} ${withoutCredentials(url)}`, timeoutMs, remedies);
  };
  return {
    async send(request, signal) {
      signal.throwIfAborted();
      using linked = linkSignals([signal], timeoutMs);
      try {
        const { status, headers, body } = await adapter.start(request, linked.signal);
        return { status, headers, text: await readText(body, answerLimitBytes) };
      } catch (error) {
        throw explained(error, request, signal, linked.signal);
      }
    },
    async stream(request, signal) {
      signal.throwIfAborted();
      const linked = linkSignals([signal]);
      try {
        const answer = await adapter.start(request, linked.signal);
        answer.body.once("close", () => linked[Symbol.dispose]());
        return answer;
      } catch (error) {
        linked[Symbol.dispose]();
        throw explained(error, request, signal, linked.signal);
      }
    },
    close: () => adapter.close(),
  };
}

function readText(body: Readable, limitBytes: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let length = 0;
    body.on("data", (chunk: Buffer) => {
      chunks.push(chunk);
      length += chunk.length;
      if (length > limitBytes) body.destroy(new Error(`an answer of more than ${limitBytes} bytes`));
    });
    body.once("error", reject);
    body.once("end", () => resolve(Buffer.concat(chunks).toString("utf8")));
  });
}
