import { CodedError } from "../../base/errors.ts";
import type { Declaration } from "../../config/schema.ts";
import { serverKind } from "../../config/server.ts";
import type { Docker } from "../../docker/index.ts";
import type { TransportOptions } from "../../glitchtip/transport.ts";
import { hostUrl, type RunningStack } from "../../running/index.ts";
import { publishesPort } from "../../stack/production.ts";
import { frontOf } from "../production/served.ts";

export interface Target extends Pick<TransportOptions, "ca" | "connectTo"> {
  readonly url: string;
}

/** Where the load goes: the stack's own published port, GlitchTip's or its proxy's; other hosts only with the owner's word. */
export async function targetOf(
  docker: Docker,
  declaration: Declaration,
  stack: RunningStack,
  ownsServer: boolean,
): Promise<Target> {
  const target = await found(docker, declaration, stack);
  const host = target.connectTo?.host ?? new URL(target.url).hostname;
  if (ownsServer || isLoopback(host)) return target;
  throw new CodedError(
    "GC1001",
    `${target.url} is not on this machine (${host}): no load is put on other people's servers`,
    {
      remedy: "If it is yours, and its users know: the same with --i-own-this-server",
    },
  );
}

async function found(docker: Docker, declaration: Declaration, stack: RunningStack): Promise<Target> {
  const { server, production } = declaration;
  if (serverKind(declaration) !== "bundled") return { url: server.url ?? "" };
  if (publishesPort(declaration)) {
    const { url: _, ...published } = server;
    return { url: await hostUrl({ server: published }, docker) };
  }
  const front = await frontOf(docker, declaration, stack);
  const url = server.url ?? `https://${production?.domain}`;
  if (front === undefined) return { url };
  return {
    url,
    connectTo: { host: front.host, port: front.httpsPort },
    ...(front.authority === undefined ? {} : { ca: front.authority }),
  };
}

const isLoopback = (host: string): boolean => /^(localhost|127\.[\d.]+|\[?::1\]?)$/.test(host);
