import { type HttpAdapter, httpOver } from "./exchange.ts";
import type { HttpOptions, OpenHttp } from "./http.ts";
import { openNodeHttp } from "./node.ts";

/** Opens the command line's client, over undici. The library is loaded with the first request: half a megabyte. */
export const openHttp: OpenHttp = (options = {}) => {
  let adapter: Promise<HttpAdapter> | undefined;
  const load = () => {
    adapter ??= import("./undici.ts").then(({ openUndici }) => openUndici(options));
    return adapter;
  };
  return httpOver(
    {
      start: async (request, signal) => await (await load()).start(request, signal),
      close: async () => await (await adapter?.catch(() => undefined))?.close(),
    },
    options,
  );
};

/** Returns undici where requests may have to go through a proxy; else Node's own client, which starts in a tenth of its time and memory. */
export const httpFor = (env: NonNullable<HttpOptions["env"]>): OpenHttp =>
  ["http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY"].some((name) => env[name]) ? openHttp : openNodeHttp;
