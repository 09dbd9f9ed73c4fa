import { buildConnector, EnvHttpProxyAgent } from "undici";
import { defined } from "../base/defined.ts";
import { CodedError } from "../base/errors.ts";
import { CONNECTIONS, connectTimeoutMs, type HttpAdapter, TIMEOUT_MS } from "./exchange.ts";
import type { HttpOptions } from "./http.ts";

type Environment = NonNullable<HttpOptions["env"]>;

/** The name in lower case counts before the one in upper case, as in curl. */
const HTTP_PROXY = ["http_proxy", "HTTP_PROXY"];
const HTTPS_PROXY = ["https_proxy", "HTTPS_PROXY"];

/** Opens the adapter over undici, which knows proxies. */
export function openUndici(options: HttpOptions): HttpAdapter {
  const { timeoutMs = TIMEOUT_MS, connections = CONNECTIONS, keepAlive = true, ca, verifyTls, env = {} } = options;
  const tls = defined({ ca: ca && [...ca], rejectUnauthorized: verifyTls ?? true });
  const connect = { ...tls, timeout: connectTimeoutMs(timeoutMs) };
  const agent = new EnvHttpProxyAgent({
    // The environment is an argument here: an empty text keeps undici from reading the process's own.
    httpProxy: proxyOf(env, HTTP_PROXY),
    httpsProxy: proxyOf(env, HTTPS_PROXY),
    noProxy: `${env.no_proxy ?? env.NO_PROXY ?? ""} localhost 127.0.0.1 [::1]`.trim(),
    proxyTunnel: false,
    requestTls: tls,
    connect: options.connectTo === undefined ? connect : connectorTo(options.connectTo, connect),
    connections,
    pipelining: keepAlive ? 1 : 0,
    headersTimeout: timeoutMs,
    bodyTimeout: timeoutMs,
  });
  return {
    async start({ method, url, headers, body }, signal) {
      const { origin, pathname, search } = new URL(url);
      const streamed = typeof body === "object" && "open" in body;
      const answer = await agent.request({
        origin,
        path: pathname + search,
        method,
        headers: { ...headers, ...defined({ "content-length": streamed ? String(body.bytes) : undefined }) },
        body: streamed ? body.open() : (body ?? null),
        signal,
      });
      return { status: answer.statusCode, headers: answer.headers, body: answer.body };
    },
    close: () => agent.close(),
  };
}

/** An empty text where no proxy is set. As curl does, a value without a scheme means http://. */
function proxyOf(env: Environment, names: readonly string[]): string {
  const name = names.find((one) => env[one]);
  const value = name === undefined ? "" : (env[name] ?? "");
  if (value === "") return "";
  const url = /^[a-z\d]+:\/\//i.test(value) ? value : `http://${value}`;
  if (/^https?:\/\//i.test(url) && URL.canParse(url)) return url;
  throw new CodedError("GC1201", `the variable ${name} holds no address of a proxy`, {
    remedy: `Correct ${name}, for example http://proxy.example.com:3128, or unset it.`,
  });
}

function connectorTo(
  { host, port }: NonNullable<HttpOptions["connectTo"]>,
  options: buildConnector.BuildOptions,
): buildConnector.connector {
  const connect = buildConnector(options);
  return (asked, callback) =>
    connect({ ...asked, hostname: host, port: String(port), servername: asked.servername ?? asked.hostname }, callback);
}
