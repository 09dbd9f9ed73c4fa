import { isObject } from "../body.ts";
import { intParam, param, type RouteCall } from "../call.ts";
import { describe, hexId } from "../event-payload.ts";
import { gone, memberIn, projectForLists } from "../find.ts";
import { newestFirst, page, sorted } from "../paging.ts";
import { json, type Reply } from "../reply.ts";
import type { Routes } from "../router.ts";
import type { EventRow, IssueRow } from "../rows.ts";
import type { EmulatorState } from "../state.ts";
import type { World } from "../world.ts";

const SCOPES = ["event:read", "event:write", "event:admin"];

/** Events have the id that the client sent (ingest: "event by its id"). */
export const eventRoutes: Routes = {
  "/api/0/projects/{slug:organization}/{slug:project}/events/": {
    GET: { auth: "any", scopes: SCOPES, handle: listOfProject },
  },
  "/api/0/projects/{slug:organization}/{slug:project}/events/{str:event}/": {
    GET: { auth: "any", scopes: SCOPES, handle: getOfProject },
  },
  "/api/0/issues/{int:issue}/events/": { GET: { auth: "any", scopes: SCOPES, handle: listOfIssue } },
  "/api/0/issues/{int:issue}/events/latest/": { GET: { auth: "any", scopes: SCOPES, handle: latestOfIssue } },
};

const pageOf = (call: RouteCall, rows: readonly EventRow[]): Reply =>
  page(call, sorted(rows, newestFirst), newestFirst, (event) => eventView(call.world, event));

const eventsOfProject = (call: RouteCall): EventRow[] => {
  const project = projectForLists(call);
  return project ? call.state.events.where("project", project.id) : [];
};

function listOfProject(call: RouteCall): Reply {
  return pageOf(call, eventsOfProject(call));
}

function getOfProject(call: RouteCall): Reply {
  const eventId = hexId(param(call, "event"));
  const project = projectForLists(call);
  const event = eventId ? call.state.events.first("eventId", eventId) : undefined;
  if (!project || event?.projectId !== project.id) throw gone();
  return json(200, eventDetailView(call.world, call.state, event));
}

function ownIssue(call: RouteCall): IssueRow | undefined {
  const issue = call.state.issues.get(intParam(call, "issue"));
  const project = issue && call.state.projects.get(issue.projectId);
  return project && memberIn(call, project.organizationId) ? issue : undefined;
}

const eventsOfIssue = (call: RouteCall): EventRow[] => {
  const issue = ownIssue(call);
  return issue ? call.state.events.where("issue", issue.id) : [];
};

/** Answers with Python's field names instead of the API's up to 5.2. */
function listOfIssue(call: RouteCall): Reply {
  if (!call.world.has("pythonEventNames")) return pageOf(call, eventsOfIssue(call));
  const view = (event: EventRow) => withPythonNames(eventView(call.world, event));
  return page(call, sorted(eventsOfIssue(call), newestFirst), newestFirst, view);
}

const withPythonNames = (view: Readonly<Record<string, unknown>>): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(view).map(([name, value]) => [name.replace(/ID$|[A-Z]/g, (end) => `_${end.toLowerCase()}`), value]),
  );

function latestOfIssue(call: RouteCall): Reply {
  const last = eventsOfIssue(call).at(-1);
  if (!last) throw gone();
  return json(200, eventDetailView(call.world, call.state, last));
}

type Payload = Readonly<Record<string, unknown>>;

function eventView(world: World, event: EventRow) {
  const { payload } = event;
  // Each event has a title of its own, not that of its issue (GlitchTip's model IssueEvent).
  const { type, title, culprit, metadata, tags } = describe(payload);
  return {
    platform: payload.platform ?? null,
    ...(world.has("noEventErrors") ? {} : { errors: null }),
    id: event.eventId,
    eventID: event.eventId,
    projectID: event.projectId,
    groupID: String(event.issueId),
    dateCreated: new Date(sentMs(payload.timestamp) ?? event.receivedMs).toISOString(),
    dateReceived: new Date(event.receivedMs).toISOString(),
    dist: payload.dist ?? null,
    culprit,
    packages: payload.modules ?? null,
    type,
    message: title,
    metadata: type === "error" ? metadata : { title },
    tags: Object.entries(tags).map(([key, value]) => ({ key, value })),
    entries: entries(payload, title),
    contexts: payload.contexts ?? null,
    context: payload.extra ?? null,
    user: payload.user ?? (world.has("emptyEventUser") && event.viaEnvelope ? {} : null),
    ...(world.has("emptyEventUser") ? {} : { sdk: payload.sdk ?? null }),
    title,
  };
}

/** Parses seconds or ISO 8601, since SDKs send both. */
function sentMs(timestamp: unknown): number | undefined {
  const ms = Number(timestamp) > 0 ? Number(timestamp) * 1000 : Date.parse(String(timestamp));
  return Number.isNaN(ms) ? undefined : ms;
}

function eventDetailView(world: World, state: EmulatorState, event: EventRow) {
  const siblings = state.events.where("project", event.projectId);
  const at = siblings.findIndex((row) => row.id === event.id);
  return {
    ...eventView(world, event),
    userReport: null,
    nextEventID: siblings[at + 1]?.eventId ?? null,
    previousEventID: siblings[at - 1]?.eventId ?? null,
  };
}

function entries(payload: Payload, title: string): unknown[] {
  const found: unknown[] = [];
  if (payload.exception) found.push({ type: "exception", data: wrapped(payload.exception) });
  if (payload.breadcrumbs) found.push({ type: "breadcrumbs", data: wrapped(payload.breadcrumbs) });
  if (payload.message ?? payload.logentry) found.push({ type: "message", data: { formatted: title } });
  if (payload.request) found.push({ type: "request", data: payload.request });
  return found;
}

const wrapped = (value: unknown): unknown => (isObject(value) && "values" in value ? value : { values: value });
