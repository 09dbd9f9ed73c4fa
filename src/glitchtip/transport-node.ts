import { type ClientRequest, Agent as HttpAgent, request as httpRequest } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import { rootCertificates } from "node:tls";
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
  const { requestTimeoutMs = 15_000, connections = 4, keepAlive = false, ca } = options;
  const url = new URL(baseUrl);
  const prefix = url.pathname.replace(/\/+$/, "");
  const tls = url.protocol === "https:";
  const trusted = ca === undefined ? {} : { ca: [...rootCertificates, ca] };
  const agent = new (tls ? HttpsAgent : HttpAgent)({ keepAlive, maxSockets: connections, ...trusted });
  const open = tls ? httpsRequest : httpRequest;
  return {
    baseUrl: `${url.origin}${prefix}`,
    async send(request, signal) {
      const whole = AbortSignal.timeout(requestTimeoutMs);
      try {
        const target = new URL(`${url.origin}${prefix}${request.path}`);
        return await exchange(
          open(target, {
            method: request.method,
            headers: headersOf(request),
            agent,
            signal: AbortSignal.any([signal, whole]),
          }),
          request.body,
        );
      } catch (error) {
        signal.throwIfAborted();
        throw explain(error, `${request.method} ${url.origin}${prefix}${request.path}`, requestTimeoutMs);
      }
    },
    async close() {
      agent.destroy();
    },
  };
}

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
