import type { IncomingHttpHeaders } from "node:http";
import { request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";
import { text } from "node:stream/consumers";

export interface ClientAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface Call {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  /** The only authority it trusts; without one those of the machine. */
  readonly authority?: string;
}

/** A client as any other, but for one thing: names of this test's domain are on loopback. Certificates are judged. */
export function call(url: string, { method = "GET", headers = {}, body, authority }: Call = {}): Promise<ClientAnswer> {
  const { protocol } = new URL(url);
  return new Promise((resolve, reject) => {
    const options = { method, headers: { connection: "close", ...headers }, lookup: loopback, agent: false } as const;
    const request =
      protocol === "http:"
        ? httpRequest(url, options)
        : httpsRequest(url, { ...options, ...(authority === undefined ? {} : { ca: authority }) });
    request.setTimeout(20_000, () => request.destroy(new Error(`no answer from ${url}`)));
    request.on("error", reject);
    request.on("response", (response) => {
      const done = (read: string) =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: read });
      text(response).then(done, () => done(""));
    });
    request.end(body);
  });
}

type Found = (error: null, address: string | { address: string; family: number }[], family?: number) => void;

function loopback(_name: string, options: { all?: boolean | undefined }, found: Found): void {
  if (options.all) found(null, [{ address: "127.0.0.1", family: 4 }]);
  else found(null, "127.0.0.1", 4);
}
