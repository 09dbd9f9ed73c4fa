import { type ClientRequest, Agent as HttpAgent, request as httpRequest } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import { rootCertificates } from "node:tls";
import { after } from "../base/wait.ts";
import {
  ANSWER_LONGEST_BYTES,
  explain,
  type RawAnswer,
  type RawRequest,
  type Transport,
  type TransportOptions,
} from "./transport.ts";

/**
 * Node's own client, for a process that lives for a tenth of a second: undici's parser is WebAssembly and costs more to
 * start than all its requests (docs/speed.md).
 */
export function openNodeTransport(baseUrl: string, options: TransportOptions = {}): Transport {
  const { requestTimeoutMs = 15_000, connections = 4, keepAlive = false, ca, connectTo } = options;
  const url = new URL(baseUrl);
  const prefix = url.pathname.replace(/\/+$/, "");
  const tls = url.protocol === "https:";
  const trusted = ca === undefined ? {} : { ca: [...rootCertificates, ca] };
  const agent = new (tls ? HttpsAgent : HttpAgent)({ keepAlive, maxSockets: connections, ...trusted });
  const open = tls ? httpsRequest : httpRequest;
  const under = openRequestsUnder();
  const { host = hostOf(url), port = url.port } = connectTo ?? {};
  const address = {
    protocol: url.protocol,
    hostname: host,
    port,
    agent,
    ...(tls && connectTo !== undefined ? { servername: url.hostname } : {}),
  };
  const named = connectTo === undefined ? {} : { host: url.host };
  return {
    baseUrl: `${url.origin}${prefix}`,
    async send(request, signal) {
      let callOff: (() => void) | undefined;
      let sent: ClientRequest | undefined;
      try {
        signal.throwIfAborted();
        sent = open({
          ...address,
          method: request.method,
          path: prefix + request.path,
          headers: { ...headersOf(request), ...named },
        });
        under.add(signal, sent);
        // A timer for the whole exchange: composite signals cost ten times as much, and are kept as long as their parents.
        callOff = after(requestTimeoutMs, () => sent?.destroy(new DOMException("no answer in time", "TimeoutError")));
        return await exchange(sent, request.body);
      } catch (error) {
        signal.throwIfAborted();
        throw explain(error, `${request.method} ${url.origin}${prefix}${request.path}`, requestTimeoutMs);
      } finally {
        callOff?.();
        if (sent !== undefined) under.delete(signal, sent);
      }
    },
    async close() {
      agent.destroy();
    },
  };
}

/** The open requests of each signal: one listener for all of them instead of one each, which costs as much as the parsing. */
function openRequestsUnder() {
  const open = new WeakMap<AbortSignal, Set<ClientRequest>>();
  return {
    add(signal: AbortSignal, request: ClientRequest): void {
      const known = open.get(signal);
      if (known !== undefined) {
        known.add(request);
        return;
      }
      const requests = new Set([request]);
      open.set(signal, requests);
      signal.addEventListener("abort", () => {
        for (const one of requests) one.destroy(signal.reason instanceof Error ? signal.reason : undefined);
      });
    },
    delete: (signal: AbortSignal, request: ClientRequest) => open.get(signal)?.delete(request),
  };
}

/** Without the brackets of an IPv6 address. */
const hostOf = ({ hostname }: URL): string => hostname.replace(/^\[|\]$/g, "");

const headersOf = ({ headers, body }: RawRequest) =>
  body === undefined ? headers : { ...headers, "content-length": Buffer.byteLength(body) };

function exchange(sent: ClientRequest, body: string | undefined): Promise<RawAnswer> {
  return new Promise((resolve, reject) => {
    sent.once("error", reject);
    sent.once("response", (answer) => {
      const chunks: Buffer[] = [];
      let length = 0;
      answer.on("data", (chunk: Buffer) => {
        chunks.push(chunk);
        length += chunk.length;
        if (length > ANSWER_LONGEST_BYTES)
          sent.destroy(new Error(`an answer of more than ${ANSWER_LONGEST_BYTES} bytes`));
      });
      // An answer that ends before its length is "aborted" here (ECONNRESET).
      answer.once("error", reject);
      answer.once("end", () =>
        resolve({
          status: answer.statusCode ?? 0,
          headers: answer.headers,
          text: Buffer.concat(chunks).toString("utf8"),
        }),
      );
    });
    sent.end(body);
  });
}
