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
  /** False for servers that close kept connections under load: an unknown outcome (docs/glitchtip-facts.md, "Load and memory"). */
  readonly keepAlive?: boolean;
  /** A certificate authority beside those that Node knows, PEM. */
  readonly ca?: string;
  /** Where the server is really asked, under its own name: behind a published port of this machine, before its name is in DNS. */
  readonly connectTo?: { readonly host: string; readonly port: number };
}

export const ANSWER_LONGEST_BYTES = 32 * 1024 * 1024;

/** A failure below HTTP. `sent`: the request may have reached the server, so its outcome is not known. */
export class TransportError extends CodedError {
  readonly sent: boolean;

  constructor(code: "GC1201" | "GC1208", message: string, sent: boolean, remedy: string, cause: unknown) {
    super(code, message, { remedy, cause });
    this.sent = sent;
  }
}

const CHECK_URL = "Check the server's address, and that it runs; in this stack: docker compose ps glitchtip";
const CHECK_TLS =
  "Check whether the address needs https:// or http://, and the certificate's chain; an authority of your own: server.ca: file:PATH in glitchtip.yaml.";
const CHECK_SERVER = "See the server's log: docker compose logs glitchtip";

/** The coded error for what a client threw while it sent `what`. */
export function explain(error: unknown, what: string, timeoutMs: number): TransportError {
  if (hasErrno(error, "ENOTFOUND", "EAI_AGAIN")) {
    return new TransportError("GC1201", `${what}: the host's name does not resolve`, false, CHECK_URL, error);
  }
  if (hasErrno(error, "ECONNREFUSED", "EHOSTUNREACH", "ENETUNREACH", "UND_ERR_CONNECT_TIMEOUT", "EADDRNOTAVAIL")) {
    return new TransportError("GC1201", `${what}: nothing answers at this address`, false, CHECK_URL, error);
  }
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  if (/^(ERR_TLS|ERR_SSL|CERT_|UNABLE_TO|SELF_SIGNED|DEPTH_ZERO|EPROTO)/.test(code)) {
    return new TransportError("GC1201", `${what}: TLS failed (${code})`, false, CHECK_TLS, error);
  }
  const timedOut = error instanceof Error && (error.name === "TimeoutError" || error.name === "AbortError");
  if (timedOut || hasErrno(error, "UND_ERR_HEADERS_TIMEOUT", "UND_ERR_BODY_TIMEOUT")) {
    return new TransportError("GC1208", `${what}: no whole answer within ${timeoutMs} ms`, true, CHECK_SERVER, error);
  }
  const reason = error instanceof Error ? error.message : String(error);
  return new TransportError("GC1208", `${what}: the connection ended early (${reason})`, true, CHECK_SERVER, error);
}
