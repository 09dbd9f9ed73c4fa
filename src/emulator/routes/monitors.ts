import { randomUUID } from "node:crypto";
import { type Call, intParam, nowIso, param } from "../call.ts";
import { gone, membership, requireMembership } from "../find.ts";
import { MONITOR_BODY, MONITOR_TYPES, readMonitor } from "../monitor-input.ts";
import { newestFirst, page, sorted } from "../paging.ts";
import { DatabaseError, json, noContent, type Reply } from "../reply.ts";
import type { Routes } from "../router.ts";
import type { Monitor, Organization } from "../state.ts";
import { monitorView } from "../views/alerts.ts";

const ONE = "/api/0/organizations/{slug:organization}/monitors/{int:monitor}/";

/** Scopes of a token are not looked at here (read). */
export const monitorRoutes: Routes = {
  "/api/0/organizations/{slug:organization}/monitors/": {
    GET: { auth: "any", handle: list },
    POST: { auth: "any", body: MONITOR_BODY, handle: create },
  },
  [ONE]: {
    GET: { auth: "any", handle: get },
    PUT: { auth: "any", body: MONITOR_BODY, handle: update },
    DELETE: { auth: "any", handle: remove },
  },
  [`${ONE}checks/`]: { GET: { auth: "any", handle: listChecks } },
  "/api/0/organizations/{slug:organization}/heartbeat_check/{uuid:endpoint}/": {
    POST: { auth: "none", handle: heartbeat },
  },
};

/** A row of an unknown type breaks every answer that shows it (monitors: "list"). */
function view(call: Call, organization: Organization, monitor: Monitor) {
  if (!call.world.has("acceptsAnyMonitorType") && !MONITOR_TYPES.includes(monitor.monitorType)) {
    throw new DatabaseError("unknown type of monitor");
  }
  const project = monitor.projectId === null ? undefined : call.state.projects.get(monitor.projectId);
  return monitorView(call.world, monitor, organization, project);
}

function list(call: Call): Reply {
  const found = membership(call);
  const rows = found ? call.state.monitors.where("organization", found.organization.id) : [];
  return page(call, sorted(rows, newestFirst), newestFirst, (row) => found && view(call, found.organization, row));
}

/** An unknown type is stored and then answered with a 500 (monitors: "unknown type"). */
function create(call: Call): Reply {
  const { organization } = requireMembership(call);
  const input = readMonitor(call, organization.id);
  const monitor = call.state.monitors.insert({
    ...input,
    organizationId: organization.id,
    endpointId: input.monitorType === "Heartbeat" ? randomUUID() : null,
    created: nowIso(call),
    checks: [],
  });
  return json(201, view(call, organization, monitor));
}

function requireMonitor(call: Call, organizationId: number): Monitor {
  const monitor = call.state.monitors.get(intParam(call, "monitor"));
  if (monitor?.organizationId !== organizationId) throw gone();
  return monitor;
}

function get(call: Call): Reply {
  const { organization } = requireMembership(call);
  return json(200, view(call, organization, requireMonitor(call, organization.id)));
}

function update(call: Call): Reply {
  const { organization } = requireMembership(call);
  const monitor = requireMonitor(call, organization.id);
  const changed = call.state.monitors.update(monitor.id, readMonitor(call, organization.id));
  return json(200, view(call, organization, changed));
}

function remove(call: Call): Reply {
  const { organization } = requireMembership(call);
  call.state.monitors.delete(requireMonitor(call, organization.id).id);
  return noContent();
}

function listChecks(call: Call): Reply {
  const found = membership(call);
  const monitor = call.state.monitors.get(intParam(call, "monitor"));
  const own = found && monitor?.organizationId === found.organization.id ? monitor.checks : [];
  const rows = own.map((check, at) => ({ ...check, id: at + 1, responseTime: null }));
  return page(call, sorted(rows, newestFirst), newestFirst, ({ id: _, ...check }) => check);
}

/** From outside, without a token; the answer is in the names of the fields (monitors: "heartbeat from outside"). */
function heartbeat(call: Call): Reply {
  const { state } = call;
  const organization = state.organizations.first("slug", param(call, "organization"));
  const monitors = organization ? state.monitors.where("organization", organization.id) : [];
  const monitor = monitors.find((row) => row.endpointId === param(call, "endpoint").toLowerCase());
  if (!monitor) throw gone();
  const check = { isUp: true, startCheck: nowIso(call), reason: null };
  state.monitors.update(monitor.id, { checks: [...monitor.checks, check] });
  return json(200, { is_up: check.isUp, start_check: check.startCheck, reason: check.reason });
}
