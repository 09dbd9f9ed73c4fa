import * as z from "zod/mini";
import { MONITOR_TYPES } from "../../../glitchtip/versions.ts";
import { parseReference } from "../../../references/reference.ts";
import { described, strictObject, text } from "../primitives.ts";

export const monitor = strictObject(() => ({
  name: described(text(200), "Unique in its project."),
  // The server answers 500 to any other type and keeps a row that breaks every list (monitors: "unknown type").
  type: described(z._default(z.enum(MONITOR_TYPES), "Ping"), "How it is looked at."),
  url: described(
    z.optional(z.string()),
    "What is looked at: an address, host:port for a TCP Port, nothing for a Heartbeat. Or file:PATH, env:NAME or vault:MOUNT/PATH#FIELD of it.",
  ),
  intervalSeconds: described(z._default(z.int().check(z.minimum(1), z.maximum(86_399)), 60), "How often."),
  timeoutSeconds: described(
    z.optional(z.nullable(z.int().check(z.minimum(1), z.maximum(60)))),
    "How long an answer may take. Default: 20; null for a Heartbeat.",
  ),
  expectedStatus: described(
    z.optional(z.nullable(z.int().check(z.minimum(100), z.maximum(599)))),
    "Of the answer. Default: 200 for Ping, GET and POST, else null.",
  ),
  expectedBody: described(z._default(z.string(), ""), "What the answer has to contain."),
}));

const HTTP = /^https?:\/\/(?:[^/@\s]*@)?([^/:?#\s]+|\[[^\]]+\])(?::\d+)?(?:[/?#]|$)/i;

/** What the server would say about a monitor's address, or worse (monitors). */
export function monitorUrlProblem(type: string, url: string | undefined): string | undefined {
  if (type === "Heartbeat")
    return url ? "must be left out for a Heartbeat: the server makes an address to call" : undefined;
  if (!url) return `must be set for ${type}`;
  if (parseReference(url) !== undefined) return undefined;
  if (type === "TCP Port")
    return /^(?:\/\/)?[^/:\s]+:\d{1,5}$/.test(url) ? undefined : "must be host:port for a TCP Port";
  const host = HTTP.exec(url)?.[1];
  if (host === undefined || !URL.canParse(url)) return "must be an http:// or https:// address";
  // As monitors: "container name".
  if (host.includes(".") || host.startsWith("[") || host.toLowerCase() === "localhost" || type === "SSL")
    return undefined;
  return `GlitchTip takes no host without a dot: give the service a network alias such as ${host}.internal`;
}
