import { randomUUID } from "node:crypto";
import { MONITOR_TYPES } from "../../glitchtip/versions.ts";
import { intParam, nowIso, param, type RouteCall } from "../call.ts";
import { gone, membership, requireMembership } from "../find.ts";
import { checkedMonitor, MONITOR_BODY } from "../monitor-input.ts";
import { newestFirst, page, sorted } from "../paging.ts";
import { DatabaseError, json, noContent, type Reply } from "../reply.ts";
import type { Routes } from "../router.ts";
import type { MonitorRow, OrganizationRow, ProjectRow } from "../rows.ts";
import type { World } from "../world.ts";

const ONE = "/api/0/organizations/{slug:organization}/monitors/{int:monitor}/";

/** The server ignores a token's scopes here (read). */
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

/** Throws for a row of an unknown type, so that every list with it fails (monitors: "list"). */
function view(call: RouteCall, organization: OrganizationRow, monitor: MonitorRow) {
  if (!call.world.has("acceptsAnyMonitorType") && !MONITOR_TYPES.some((type) => type === monitor.monitorType)) {
    throw new DatabaseError("unknown type of monitor");
  }
  const project = monitor.projectId === null ? undefined : call.state.projects.get(monitor.projectId);
  return monitorView(call.world, monitor, organization, project);
}

function list(call: RouteCall): Reply {
  const found = membership(call);
  const rows = found ? call.state.monitors.where("organization", found.organization.id) : [];
  return page(call, sorted(rows, newestFirst), newestFirst, (row) => found && view(call, found.organization, row));
}

/** Stores an unknown type and then answers 500 (monitors: "unknown type"). */
function create(call: RouteCall): Reply {
  const { organization } = requireMembership(call);
  const input = checkedMonitor(call, organization.id);
  const monitor = call.state.monitors.insert({
    ...input,
    organizationId: organization.id,
    endpointId: input.monitorType === "Heartbeat" ? randomUUID() : null,
    created: nowIso(call),
    checks: [],
  });
  return json(201, view(call, organization, monitor));
}

function requireMonitor(call: RouteCall, organizationId: number): MonitorRow {
  const monitor = call.state.monitors.get(intParam(call, "monitor"));
  if (monitor?.organizationId !== organizationId) throw gone();
  return monitor;
}

function get(call: RouteCall): Reply {
  const { organization } = requireMembership(call);
  return json(200, view(call, organization, requireMonitor(call, organization.id)));
}

function update(call: RouteCall): Reply {
  const { organization } = requireMembership(call);
  const monitor = requireMonitor(call, organization.id);
  const changed = call.state.monitors.update(monitor.id, checkedMonitor(call, organization.id));
  return json(200, view(call, organization, changed));
}

function remove(call: RouteCall): Reply {
  const { organization } = requireMembership(call);
  call.state.monitors.delete(requireMonitor(call, organization.id).id);
  return noContent();
}

function listChecks(call: RouteCall): Reply {
  const found = membership(call);
  const monitor = call.state.monitors.get(intParam(call, "monitor"));
  const own = found && monitor?.organizationId === found.organization.id ? monitor.checks : [];
  const rows = own.map((check, at) => ({ ...check, id: at + 1, responseTime: null }));
  return page(call, sorted(rows, newestFirst), newestFirst, ({ id: _, ...check }) => check);
}

/** Needs no token. The answer has Python's field names (monitors: "heartbeat from outside"). */
function heartbeat(call: RouteCall): Reply {
  const { state } = call;
  const organization = state.organizations.first("slug", param(call, "organization"));
  const monitors = organization ? state.monitors.where("organization", organization.id) : [];
  const monitor = monitors.find((row) => row.endpointId === param(call, "endpoint").toLowerCase());
  if (!monitor) throw gone();
  const check = { isUp: true, startCheck: nowIso(call), reason: null };
  state.monitors.update(monitor.id, { checks: [...monitor.checks, check] });
  return json(200, { is_up: check.isUp, start_check: check.startCheck, reason: check.reason });
}

function monitorView(
  world: World,
  monitor: MonitorRow,
  organization: OrganizationRow,
  project: ProjectRow | undefined,
) {
  const last = monitor.checks.at(-1);
  const endpoint = monitor.endpointId;
  const owners = world.has("oldMonitorFields")
    ? { project: project?.id ?? null, environment: null, organization: organization.id }
    : {
        projectID: project ? String(project.id) : null,
        environmentID: null,
        organizationID: organization.id,
      };
  return {
    ...owners,
    isUp: last?.isUp ?? null,
    lastChange: last?.startCheck ?? null,
    heartbeatEndpoint: endpoint
      ? `${world.domain()}/api/0/organizations/${organization.slug}/heartbeat_check/${endpoint}/`
      : null,
    projectName: project?.name ?? null,
    envName: null,
    checks: monitor.checks.map((check) => ({ isUp: check.isUp, startCheck: check.startCheck, reason: check.reason })),
    monitorType: monitor.monitorType,
    id: monitor.id,
    endpointID: endpoint,
    created: monitor.created,
    name: monitor.name,
    url: monitor.url,
    expectedStatus: monitor.expectedStatus,
    expectedBody: monitor.expectedBody,
    interval: monitor.interval,
    timeout: monitor.timeout,
    ...(world.has("confirmsMonitors") ? { confirmationThreshold: monitor.confirmationThreshold } : {}),
    ...monitor.later,
  };
}
