import { CodedError } from "../base/errors.ts";
import type { Declaration } from "../config/schema.ts";
import type { Docker } from "../docker/index.ts";
import { SERVER_PORT } from "../glitchtip/versions.ts";
import { SERVER } from "../stack/service-names.ts";

const ASK_WITHIN_MS = 30_000;

/**
 * The URL at which this host reaches the server: the declared one, else the port that the engine has published, which
 * may differ from the one in .env by now. Throws GC1201 when there is neither.
 */
export async function hostUrl({ server }: Pick<Declaration, "server">, docker: Docker): Promise<string> {
  if (server.url !== undefined) return server.url;
  const { address } = await docker.located().catch((error: unknown) => {
    throw error instanceof CodedError && error.code === "GC1601" ? urlUnknown(error.message, error) : error;
  });
  const args = ["compose", "port", SERVER, String(SERVER_PORT)];
  const { code, stdout } = await docker.cli(args, { deadlineMs: ASK_WITHIN_MS });
  const [, ip = "", port = ""] = /^\[?([^\]\s]*?)\]?:(\d+)\s*$/.exec(stdout.trim()) ?? [];
  if (code !== 0 || port === "" || port === "0") throw urlUnknown(`${SERVER} publishes no port, or does not run`);
  const remoteHost = remoteEngineHost(address.host);
  const isLoopback = ip === "::1" || ip.startsWith("127.");
  if (remoteHost !== undefined && isLoopback) {
    throw urlUnknown(
      `${SERVER} is published on ${ip}:${port} of ${remoteHost}, where only programs of that machine reach it`,
    );
  }
  const isAny = ip === "" || ip === "0.0.0.0" || ip === "::";
  const host = isAny ? (remoteHost ?? "127.0.0.1") : ip;
  return `http://${host.includes(":") ? `[${host}]` : host}:${port}`;
}

/** Returns the host of an engine on another machine; undefined for one on this machine. */
export function remoteEngineHost(address: string): string | undefined {
  const { protocol, hostname } = new URL(address);
  if (!/^(tcp|ssh|https?):$/.test(protocol)) return undefined;
  const host = hostname.replace(/^\[|\]$/g, "");
  return /^(localhost|127\..*|::1)$/.test(host) ? undefined : host;
}

const urlUnknown = (why: string, cause?: unknown) =>
  new CodedError("GC1201", `it is not known where this machine reaches GlitchTip: ${why}`, {
    remedy:
      "State server.url in glitchtip.yaml (or type --url), or start the stack: docker compose up -d --wait (its port: GLITCHTIP_PORT in .env).",
    cause,
  });
