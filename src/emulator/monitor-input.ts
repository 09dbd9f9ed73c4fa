import { isPrivateHost } from "../glitchtip/wire/private-hosts.ts";
import { type BodyFields, checkFields, invalid, laterFields } from "./body.ts";
import type { RouteCall } from "./call.ts";
import { ApiError } from "./reply.ts";
import type { MonitorRow } from "./rows.ts";

const HTTP_TYPES = ["Ping", "GET", "POST"];
export const MONITOR_BODY: BodyFields = {
  expectedBody: { type: "string" },
  expectedStatus: { type: "integer", nullable: true },
  timeout: { type: "integer", nullable: true, least: 1, most: 60 },
  project: { type: "any", optional: true, nullable: true },
  monitorType: { type: "string", optional: true },
  name: { type: "string" },
  url: { type: "string", optional: true },
  interval: { type: "integer", optional: true },
  confirmationThreshold: { type: "integer", optional: true },
};

type CheckedMonitor = Omit<MonitorRow, "id" | "organizationId" | "endpointId" | "created" | "checks">;

/** Returns the monitor of a body, checked by the rules of its type (monitors). */
export function checkedMonitor(call: RouteCall, organizationId: number): CheckedMonitor {
  const { expectedBody, expectedStatus, timeout, name, interval = 60, monitorType = "Ping", url = "" } = call.payload;
  const { confirmationThreshold = 1 } = call.payload;
  if (call.world.has("requiresInterval") && call.payload.interval === undefined) {
    throw invalid(checkFields({}, { interval: { type: "integer" } }, ["body", "payload"]).complaints);
  }
  const type = String(monitorType);
  const checkedUrl = checkUrl(call, type, String(url));
  if (expectedStatus === null && (type === "GET" || type === "POST")) {
    throw new ApiError(422, `Expected status is required for ${type}`);
  }
  return {
    monitorType: type,
    name: String(name),
    url: checkedUrl,
    projectId: projectId(call, organizationId),
    expectedBody: String(expectedBody),
    expectedStatus: expectedStatus as number | null,
    timeout: timeout as number | null,
    interval: Number(interval),
    confirmationThreshold: Number(confirmationThreshold),
    later: laterFields(call),
  };
}

function checkUrl(call: RouteCall, type: string, url: string): string {
  if (url === "" && (HTTP_TYPES.includes(type) || type === "SSL")) {
    throw new ApiError(422, `URL is required for ${type}`);
  }
  if (HTTP_TYPES.includes(type)) checkHttpUrl(call, url);
  return type === "TCP Port" ? checkPort(call, url) : url;
}

/** Throws unless the host is localhost, an IPv6 address or has a dot (monitors: "container name"). */
function checkHttpUrl(call: RouteCall, url: string): void {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  const web = parsed !== undefined && ["http:", "https:"].includes(parsed.protocol);
  const host = parsed?.hostname ?? "";
  if (!web || !(host.includes(".") || host === "localhost" || host.startsWith("["))) {
    throw new ApiError(422, "Invalid Url");
  }
  checkPublic(call, host);
}

/** Throws 422 for a private host. The server checks HTTP and TCP monitors, but not SSL ones (read in 6). */
function checkPublic(call: RouteCall, host: string): void {
  if (call.world.has("refusesPrivateAddresses") && isPrivateHost(host)) {
    throw new ApiError(422, "URLs targeting private/internal IPs are not allowed");
  }
}

function checkPort(call: RouteCall, url: string): string {
  const [, host, port] = /^(?:http:\/\/|\/\/)?([^/:]+):(\d{1,5})/.exec(url) ?? [];
  if (host === undefined) throw new ApiError(422, "Invalid Port URL, expected hostname and port");
  checkPublic(call, host);
  return `${host.toLowerCase()}:${port}`;
}

/** Returns null for a project that does not exist (monitors: "project that does not exist"). */
function projectId(call: RouteCall, organizationId: number): number | null {
  const asked = call.payload.project;
  const project = asked === undefined || asked === null ? undefined : call.state.projects.get(Number(asked));
  return project?.organizationId === organizationId ? project.id : null;
}
