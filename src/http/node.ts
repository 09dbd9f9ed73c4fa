import { type ClientRequest, Agent as HttpAgent, request as httpRequest, type IncomingMessage } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import { pipeline } from "node:stream/promises";
import { defined } from "../base/defined.ts";
import { after } from "../base/wait.ts";
import { CONNECTIONS, connectTimeoutMs, httpOver, TIMEOUT_MS } from "./exchange.ts";
import type { HttpRequest, HttpStream, OpenHttp } from "./http.ts";

/**
 * Opens a client over Node's own HTTP, for the bundles that run in containers: undici is half a megabyte, and its
 * parser costs a process that lives for a tenth of a second more than all its requests (docs/speed.md). It knows no
 * proxies.
 */
export const openNodeHttp: OpenHttp = (options = {}) => {
  const { timeoutMs = TIMEOUT_MS, connections = CONNECTIONS, keepAlive = true, ca, verifyTls, connectTo } = options;
  const pool = { keepAlive, maxSockets: connections };
  const tls = defined({ ca: ca && [...ca], rejectUnauthorized: verifyTls ?? true });
  const http = new HttpAgent(pool);
  const https = new HttpsAgent({ ...pool, ...tls });
  return httpOver(
    {
      start(request, signal) {
        const url = new URL(request.url);
        const secured = url.protocol === "https:";
        const { host = hostOf(url), port = url.port } = connectTo ?? {};
        const sent = (secured ? httpsRequest : httpRequest)({
          agent: secured ? https : http,
          hostname: host,
          port,
          path: url.pathname + url.search,
          method: request.method,
          headers: { host: url.host, ...headersOf(request) },
          timeout: timeoutMs,
          signal,
          ...defined({ servername: secured && connectTo !== undefined ? url.hostname : undefined }),
        });
        return exchange(sent, request.body, connectTimeoutMs(timeoutMs));
      },
      async close() {
        http.destroy();
        https.destroy();
      },
    },
    options,
  );
};

/** Returns the host name without the brackets of an IPv6 address. */
const hostOf = ({ hostname }: URL): string => hostname.replace(/^\[|\]$/g, "");

function headersOf({ headers, body }: HttpRequest): Readonly<Record<string, string>> {
  if (body === undefined) return headers ?? {};
  const isStream = typeof body === "object" && "open" in body;
  return { ...headers, "content-length": String(isStream ? body.bytes : Buffer.byteLength(body)) };
}

function exchange(sent: ClientRequest, body: HttpRequest["body"], connectWithinMs: number): Promise<HttpStream> {
  return new Promise((resolve, reject) => {
    // Stays for what comes after the head of the answer: without a listener it would end the process.
    sent.on("error", reject);
    sent.once("timeout", () => sent.destroy(new DOMException("no answer in time", "TimeoutError")));
    sent.once("socket", (socket) => {
      if (!socket.connecting) return;
      const cancel = after(connectWithinMs, () => sent.destroy(unreachable()));
      socket.once("connect", cancel);
      socket.once("close", cancel);
    });
    sent.once("response", (answer: IncomingMessage) =>
      resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: answer }),
    );
    if (typeof body === "object" && "open" in body) pipeline(body.open(), sent).catch(reject);
    else sent.end(body);
  });
}

const unreachable = () => Object.assign(new Error("no connection in time"), { code: "EHOSTUNREACH" });
