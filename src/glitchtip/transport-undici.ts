import { Pool } from "undici";
import { ANSWER_LONGEST_BYTES, explain, type Transport, type TransportOptions } from "./transport.ts";

/** For the command line: many requests at once over few connections. */
export function openPoolTransport(baseUrl: string, options: TransportOptions = {}): Transport {
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
        const answer = await pool.request({
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
