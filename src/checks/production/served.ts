import { connect, type TLSSocket } from "node:tls";
import { linkSignals } from "../../base/abort.ts";
import { defined } from "../../base/defined.ts";
import type { Declaration } from "../../config/schema.ts";
import type { Docker } from "../../docker/index.ts";
import { HttpError, type HttpHeaders } from "../../http/http.ts";
import { openNodeHttp } from "../../http/node.ts";
import { containerOf, type RunningStack } from "../../running/index.ts";
import { PROXY } from "../../stack/service-names.ts";
import { type Expiry, expiryOf } from "./certificate.ts";

/** The place where the domain is served: the ports of the stack's Caddy on the engine's host, else the domain itself. */
export interface Front {
  readonly domain: string;
  readonly host: string;
  readonly httpPort: number;
  readonly httpsPort: number;
  /** Certificate (PEM) of Caddy's internal authority, which no machine trusts by itself. */
  readonly authority?: string;
}

export type ServedCertificate =
  | (Expiry & { readonly known: true; readonly forDomain: boolean; readonly trusted: boolean; readonly why?: string })
  | { readonly known: false; readonly reason: string };

const WITHIN_MS = 10_000;
/** The path where Caddy stores the root certificate of its internal authority. */
const AUTHORITY = "/data/caddy/pki/authorities/local/root.crt";

export async function frontOf(
  docker: Docker,
  { production, server }: Declaration,
  stack: RunningStack,
): Promise<Front | undefined> {
  if (production === undefined) return undefined;
  const { domain, proxy, tls } = production;
  const url = new URL(server.url ?? `https://${domain}`);
  if (proxy !== "caddy") return { domain, host: domain, httpPort: 80, httpsPort: Number(url.port || 443) };
  const { address } = await docker.located();
  const here = /^(unix|npipe):/.test(address.host);
  const published = (target: number) =>
    Number(stack.config.services[PROXY]?.ports?.find((port) => port.target === target)?.published ?? target);
  const container = containerOf(stack, PROXY);
  const authority =
    tls.mode === "internal" && container !== undefined
      ? await stack.engine.readFile(container.id, AUTHORITY)
      : undefined;
  return {
    domain,
    host: here ? "127.0.0.1" : domain,
    httpPort: published(80),
    httpsPort: published(443),
    ...defined({ authority }),
  };
}

const tlsOptions = ({ domain, authority }: Front) => ({
  servername: domain,
  // A bad certificate is reported here instead of refused.
  rejectUnauthorized: false,
  ...defined({ ca: authority }),
});

const unknown = (error: unknown): { readonly known: false; readonly reason: string } => ({
  known: false,
  reason: error instanceof Error ? error.message : String(error),
});

/** Reads the certificate that a browser gets. */
export async function servedCertificate(front: Front, nowMs: number): Promise<ServedCertificate> {
  try {
    const socket = await new Promise<TLSSocket>((resolve, reject) => {
      const where = { host: front.host, port: front.httpsPort, timeout: WITHIN_MS };
      const opened = connect({ ...tlsOptions(front), ...where }, () => resolve(opened));
      opened.once("timeout", () => opened.destroy(new Error(`no answer within ${WITHIN_MS / 1_000} s`)));
      opened.once("error", reject);
    });
    const certificate = socket.getPeerX509Certificate();
    const { authorized, authorizationError } = socket;
    socket.destroy();
    if (certificate === undefined) return { known: false, reason: "it shows no certificate" };
    return {
      known: true,
      ...expiryOf(certificate, nowMs),
      forDomain: certificate.checkHost(front.domain) !== undefined,
      trusted: authorized,
      ...(authorized ? {} : { why: String(authorizationError) }),
    };
  } catch (error) {
    return unknown(error);
  }
}

export interface Answer {
  readonly known: true;
  readonly status: number;
  readonly headers: HttpHeaders;
}
export type Asked = Answer | { readonly known: false; readonly reason: string };

/** Sends one request under the domain's name: a POST with `body`, else a GET. The answer's own body is not read. */
export async function ask(front: Front, scheme: "http" | "https", path: string, body?: Uint8Array): Promise<Asked> {
  const { domain, host, httpPort, httpsPort, authority } = front;
  const http = openNodeHttp({
    timeoutMs: WITHIN_MS,
    keepAlive: false,
    // A bad certificate is a finding of its own, not a reason to see no answer.
    verifyTls: false,
    connectTo: { host, port: scheme === "http" ? httpPort : httpsPort },
    ...defined({ ca: authority === undefined ? undefined : [authority] }),
  });
  using within = linkSignals([], WITHIN_MS);
  try {
    const request = { method: body === undefined ? "GET" : "POST", url: `${scheme}://${domain}${path}` } as const;
    const { status, headers, body: answered } = await http.stream({ ...request, ...defined({ body }) }, within.signal);
    answered.destroy();
    return { known: true, status, headers };
  } catch (error) {
    return unknown(error instanceof HttpError ? error.cause : error);
  } finally {
    await http.close();
  }
}
