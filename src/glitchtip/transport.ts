import { rootCertificates } from "node:tls";
import { defined } from "../base/defined.ts";
import { hasErrno } from "../base/errors.ts";
import type { HttpAnswer, HttpMethod, HttpOptions, OpenHttp } from "../http/http.ts";
import { HttpError } from "../http/http.ts";

export interface TransportRequest {
  readonly method: HttpMethod;
  /** The path from the server's root, with its trailing slash and query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** Sends requests to one GlitchTip and returns whole answers. It follows no redirect and repeats nothing. */
export interface Transport {
  /** The server's root without a slash at its end. */
  readonly baseUrl: string;
  send(request: TransportRequest, signal: AbortSignal): Promise<HttpAnswer>;
  close(): Promise<void>;
}

export interface TransportOptions extends Pick<HttpOptions, "connections" | "keepAlive" | "connectTo" | "env"> {
  readonly requestTimeoutMs?: number;
  /** A certificate authority beside those that Node ships, PEM. */
  readonly ca?: string;
}

const REMEDIES = {
  address: "Check the server's address, and that it runs; in this stack: docker compose ps glitchtip",
  tls: "Check whether the address needs https:// or http://, and the certificate's chain; an authority of your own: server.ca: file:PATH in glitchtip.yaml.",
  server: "See the server's log: docker compose logs glitchtip",
};

/** Opens a transport over one of the HTTP clients: `openHttp` in the command line, `openNodeHttp` in a container. */
export function openTransport(open: OpenHttp, baseUrl: string, options: TransportOptions = {}): Transport {
  const { requestTimeoutMs, ca, ...rest } = options;
  const { origin, pathname } = new URL(baseUrl);
  const root = origin + pathname.replace(/\/+$/, "");
  const http = open({
    // Some servers close kept connections under load, which leaves the outcome of a write unknown.
    keepAlive: false,
    ...rest,
    ...defined({ timeoutMs: requestTimeoutMs, ca: ca === undefined ? undefined : [...rootCertificates, ca] }),
    remedies: REMEDIES,
  });
  return {
    baseUrl: root,
    send: ({ path, ...request }, signal) => http.send({ ...request, url: root + path }, signal),
    close: () => http.close(),
  };
}

/**
 * Uses kept connections for reads only: up to 5.2 a write on one may end with an unknown outcome (docs/glitchtip-facts.md,
 * "Load and memory"). A real 5.2 (uWSGI) with two busy cores resets half of the reads on kept connections, four at a time,
 * and one of twenty on new ones. So after the first reset no connection is kept, and that read is sent again at once.
 */
export function readsAndWrites(kept: Transport, fresh: Transport): Transport {
  let reads = kept;
  return {
    baseUrl: fresh.baseUrl,
    async send(request, signal) {
      if (request.method !== "GET") return await fresh.send(request, signal);
      try {
        return await reads.send(request, signal);
      } catch (error) {
        if (!isReset(error)) throw error;
        reads = fresh;
        return await fresh.send(request, signal);
      }
    },
    async close() {
      await kept.close();
      await fresh.close();
    },
  };
}

const isReset = (error: unknown): boolean => error instanceof HttpError && hasErrno(error.cause, "ECONNRESET", "EPIPE");
