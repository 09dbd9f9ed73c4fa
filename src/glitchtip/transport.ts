import request from "undici/lib/api/api-request.js";
import Pool from "undici/lib/dispatcher/pool.js";
import { CodedError, hasErrno } from "../base/errors.ts";

export type Method = "GET" | "POST" | "PUT" | "DELETE";

export interface RawRequest {
  readonly method: Method;
  /** From the server's root, with its trailing slash and query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface RawAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
}

/** One server over HTTP/1.1: sends a request, gives its whole answer. Follows no redirect, repeats nothing. */
export interface Transport {
  /** The server's root without a slash at its end. */
  readonly baseUrl: string;
  send(request: RawRequest, signal: AbortSignal): Promise<RawAnswer>;
  close(): Promise<void>;
}

export interface TransportOptions {
  readonly requestTimeoutMs?: number;
  readonly connections?: number;
  /** False for servers that close kept connections under load: an unknown outcome (prototype.md 2). */
  readonly keepAlive?: boolean;
}

/** A failure below HTTP. `sent`: the request may have reached the server, so its outcome is not known. */
export class TransportError extends CodedError {
  readonly sent: boolean;

  constructor(code: "GC1201" | "GC1208", message: string, sent: boolean, remedy: string, cause: unknown) {
    super(code, message, { remedy, cause });
    this.sent = sent;
  }
}

const ANSWER_LONGEST_BYTES = 32 * 1024 * 1024;

export function openTransport(baseUrl: string, options: TransportOptions = {}): Transport {
  const { requestTimeoutMs = 15_000, connections = 4, keepAlive = false } = options;
  const url = new URL(baseUrl);
  const prefix = url.pathname.replace(/\/+$/, "");
  const pool = new Pool(url.origin, {
    connections,
    pipelining: keepAlive ? 1 : 0,
    connectTimeout: Math.min(requestTimeoutMs, 5_000),
    headersTimeout: requestTimeoutMs,
    bodyTimeout: requestTimeoutMs,
    maxResponseSize: ANSWER_LONGEST_BYTES,
  });
  return {
    baseUrl: `${url.origin}${prefix}`,
    async send({ method, path, headers, body }, signal) {
      // bodyTimeout is per chunk: a slow drip needs a limit for the whole exchange.
      const whole = AbortSignal.timeout(requestTimeoutMs);
      try {
        const answer = await request.call(pool, {
          method,
          path: prefix + path,
          headers,
          body: body ?? null,
          signal: AbortSignal.any([signal, whole]),
        });
        return { status: answer.statusCode, headers: answer.headers, text: await answer.body.text() };
      } catch (error) {
        signal.throwIfAborted();
        throw explain(error, `${method} ${url.origin}${prefix}${path}`, requestTimeoutMs);
      }
    },
    close: () => pool.close(),
  };
}

function explain(error: unknown, what: string, timeoutMs: number): TransportError {
  if (hasErrno(error, "ENOTFOUND", "EAI_AGAIN")) {
    return new TransportError("GC1201", `${what}: the host's name does not resolve`, false, CHECK_URL, error);
  }
  if (hasErrno(error, "ECONNREFUSED", "EHOSTUNREACH", "ENETUNREACH", "UND_ERR_CONNECT_TIMEOUT", "EADDRNOTAVAIL")) {
    return new TransportError("GC1201", `${what}: nothing answers at this address`, false, CHECK_URL, error);
  }
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  if (/^(ERR_TLS|ERR_SSL|CERT_|UNABLE_TO|SELF_SIGNED|DEPTH_ZERO)/.test(code) || /EPROTO/.test(code)) {
    return new TransportError("GC1201", `${what}: TLS failed (${code})`, false, CHECK_TLS, error);
  }
  if (hasErrno(error, "UND_ERR_HEADERS_TIMEOUT", "UND_ERR_BODY_TIMEOUT") || isTimeout(error)) {
    return new TransportError("GC1208", `${what}: no whole answer within ${timeoutMs} ms`, true, CHECK_SERVER, error);
  }
  const reason = error instanceof Error ? error.message : String(error);
  return new TransportError("GC1208", `${what}: the connection ended early (${reason})`, true, CHECK_SERVER, error);
}

const CHECK_URL = "Check the server's address, and that it runs: docker compose ps glitchtip";
const CHECK_TLS =
  "Check whether the address needs https:// or http://, and the certificate's chain (NODE_EXTRA_CA_CERTS).";
const CHECK_SERVER = "See the server's log: docker compose logs glitchtip";

function isTimeout(error: unknown): boolean {
  return error instanceof Error && (error.name === "TimeoutError" || error.name === "AbortError");
}
