import type { Readable } from "node:stream";
import { CodedError, hasErrno } from "../base/errors.ts";

export type HttpMethod = "GET" | "POST" | "PUT" | "DELETE";
export type HttpHeaders = Readonly<Record<string, string | string[] | undefined>>;

export interface HttpRequest {
  readonly method: HttpMethod;
  /** Absolute, `http:` or `https:`. */
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array | HttpBody;
}

/** A body that is read while it is sent. */
export interface HttpBody {
  readonly bytes: number;
  open(): Readable;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: HttpHeaders;
  readonly text: string;
}

export interface HttpStream {
  readonly status: number;
  readonly headers: HttpHeaders;
  /** Has to be read to its end or destroyed. */
  readonly body: Readable;
}

/** An HTTP/1.1 client. It follows no redirect and repeats nothing. */
export interface Http {
  /** Resolves with the whole answer, whatever its status. Throws HttpError, or the signal's reason. */
  send(request: HttpRequest, signal: AbortSignal): Promise<HttpAnswer>;
  /** Resolves as soon as the head of the answer is there. Errors of the body are the stream's. */
  stream(request: HttpRequest, signal: AbortSignal): Promise<HttpStream>;
  close(): Promise<void>;
}

export interface HttpOptions {
  /** For `send` the longest exchange, for `stream` the longest silence. Default 15 s. */
  readonly timeoutMs?: number;
  /** How many connections are open to one origin at once. Default 4. */
  readonly connections?: number;
  /** Keeps connections open for the next request. Default true. */
  readonly keepAlive?: boolean;
  /** The certificate authorities to trust, PEM, instead of those that Node ships. */
  readonly ca?: readonly string[];
  /** False: a certificate that nobody trusts is accepted. */
  readonly verifyTls?: boolean;
  /** The address to connect to instead of the URL's host and port, which stay in the Host header and in TLS. */
  readonly connectTo?: { readonly host: string; readonly port: number };
  /** A longer answer to `send` is an error. Default 32 MiB. */
  readonly answerLimitBytes?: number;
  /** Read for HTTP_PROXY, HTTPS_PROXY and NO_PROXY, by the command line's client only. Loopback is never proxied. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** What errors tell the user to do next. */
  readonly remedies?: Partial<HttpRemedies>;
}

export type OpenHttp = (options?: HttpOptions) => Http;

interface HttpRemedies {
  /** The server cannot be reached. */
  readonly address: string;
  readonly tls: string;
  /** The server accepted the request but sent no whole answer. */
  readonly server: string;
}

const REMEDIES: HttpRemedies = {
  address: "Check the address, that the server runs, and HTTPS_PROXY, HTTP_PROXY and NO_PROXY where a proxy is set.",
  tls: "Check whether the address needs https:// or http://, and the chain of the certificate.",
  server: "See the server's log.",
};

export type HttpFailure = "unresolved" | "unreachable" | "tls" | "timeout" | "broken";

/** A failure below HTTP. */
export class HttpError extends CodedError {
  readonly failure: HttpFailure;
  /** The request may have reached the server, so its outcome is unknown. */
  readonly sent: boolean;
  /** What happened, without method and address. */
  readonly reason: string;

  constructor(failure: HttpFailure, address: string, reason: string, remedy: string, cause: unknown) {
    const sent = failure === "timeout" || failure === "broken";
    super(sent ? "GC1208" : "GC1201", `${address}: ${reason}`, { remedy, cause });
    this.failure = failure;
    this.sent = sent;
    this.reason = reason;
  }
}

const UNREACHABLE = [
  "ECONNREFUSED",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "UND_ERR_CONNECT_TIMEOUT",
  "EADDRNOTAVAIL",
] as const;

/** The HttpError for whatever a client threw. `address`: the method and the URL as messages show them. */
export function httpError(
  error: unknown,
  address: string,
  timeoutMs: number,
  remedies: Partial<HttpRemedies> = {},
): HttpError {
  const { address: checkAddress, tls: checkTls, server: checkServer } = { ...REMEDIES, ...remedies };
  if (hasErrno(error, "ENOTFOUND", "EAI_AGAIN")) {
    return new HttpError("unresolved", address, "the host's name does not resolve", checkAddress, error);
  }
  if (hasErrno(error, ...UNREACHABLE)) {
    return new HttpError("unreachable", address, "nothing answers at this address", checkAddress, error);
  }
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  if (/^(ERR_TLS|ERR_SSL|CERT_|UNABLE_TO|SELF_SIGNED|DEPTH_ZERO|EPROTO)/.test(code)) {
    return new HttpError("tls", address, `TLS failed (${code})`, checkTls, error);
  }
  const timedOut = error instanceof Error && (error.name === "TimeoutError" || error.name === "AbortError");
  if (timedOut || hasErrno(error, "UND_ERR_HEADERS_TIMEOUT", "UND_ERR_BODY_TIMEOUT")) {
    return new HttpError("timeout", address, `no whole answer within ${timeoutMs} ms`, checkServer, error);
  }
  const reason = error instanceof Error ? error.message || code : String(error);
  return new HttpError("broken", address, `the connection ended early (${reason})`, checkServer, error);
}

/** The URL for messages: without user and password. */
export function withoutCredentials(url: string): string {
  const shown = new URL(url);
  shown.username = "";
  shown.password = "";
  return shown.href;
}

/** Milliseconds that `Retry-After` asks to wait; a date counts from the server's own clock. */
export function retryAfterMs({ headers }: Pick<HttpAnswer, "headers">): number | undefined {
  const value = headers["retry-after"];
  if (typeof value !== "string") return undefined;
  if (/^\d+$/.test(value.trim())) return Number(value) * 1_000;
  const untilMs = Date.parse(value) - Date.parse(String(headers.date));
  return Number.isNaN(untilMs) ? undefined : Math.max(0, untilMs);
}
