import { CodedError } from "../base/errors.ts";
import type { Declaration } from "../config/schema.ts";
import type { Docker } from "../docker/index.ts";
import { SERVER_PORT } from "../glitchtip/versions.ts";
import { SERVER } from "./running-stack.ts";

const ASK_WITHIN_MS = 30_000;

/**
 * Where this host reaches the server: the declared address, else the port that the engine has published, whatever .env
 * says by now. Throws with both ways out where neither is there.
 */
export async function hostUrl({ server }: Pick<Declaration, "server">, docker: Docker): Promise<string> {
  if (server.url !== undefined) return server.url;
  const { address } = await docker.located().catch((error: unknown) => {
    throw error instanceof CodedError && error.code === "GC1601" ? unknown(error.message, error) : error;
  });
  const args = ["compose", "port", SERVER, String(SERVER_PORT)];
  const { code, stdout } = await docker.cli(args, { deadlineMs: ASK_WITHIN_MS });
  const [, ip = "", port = ""] = /^\[?([^\]\s]*?)\]?:(\d+)\s*$/.exec(stdout.trim()) ?? [];
  if (code !== 0 || port === "" || port === "0") throw unknown(`${SERVER} publishes no port, or does not run`);
  const engine = engineHost(address.host);
  const isLoopback = ip === "::1" || ip.startsWith("127.");
  if (engine !== undefined && isLoopback) {
    throw unknown(`${SERVER} is published on ${ip}:${port} of ${engine}, where only programs of that machine reach it`);
  }
  const isAny = ip === "" || ip === "0.0.0.0" || ip === "::";
  const host = isAny ? (engine ?? "127.0.0.1") : ip;
  return `http://${host.includes(":") ? `[${host}]` : host}:${port}`;
}

/** The machine of an engine elsewhere; undefined for one that is here. */
function engineHost(address: string): string | undefined {
  const { protocol, hostname } = new URL(address);
  if (!/^(tcp|ssh|https?):$/.test(protocol)) return undefined;
  const host = hostname.replace(/^\[|\]$/g, "");
  return /^(localhost|127\..*|::1)$/.test(host) ? undefined : host;
}

const unknown = (why: string, cause?: unknown) =>
  new CodedError("GC1201", `it is not known where this machine reaches GlitchTip: ${why}`, {
    remedy:
      "State server.url in glitchtip.yaml (or type --url), or start the stack: docker compose up -d --wait (its port: GLITCHTIP_PORT in .env).",
    cause,
  });
