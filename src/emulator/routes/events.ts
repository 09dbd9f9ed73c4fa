import { type Call, intParam, param } from "../call.ts";
import { hexId } from "../event-shape.ts";
import { gone, memberIn, projectForLists } from "../find.ts";
import { newestFirst, page, sorted } from "../paging.ts";
import { json, type Reply } from "../reply.ts";
import type { Routes } from "../router.ts";
import type { Issue, StoredEvent } from "../state.ts";
import { eventDetailView, eventView } from "../views/events.ts";

const SCOPES = ["event:read", "event:write", "event:admin"];

/** Events are read by the id that was sent (ingest: "event by its id"). */
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

const pageOf = (call: Call, rows: readonly StoredEvent[]): Reply =>
  page(call, sorted(rows, newestFirst), newestFirst, (event) => eventView(call.world, event));

const eventsOfProject = (call: Call): StoredEvent[] => {
  const project = projectForLists(call);
  return project ? call.state.events.where("project", project.id) : [];
};

function listOfProject(call: Call): Reply {
  return pageOf(call, eventsOfProject(call));
}

function getOfProject(call: Call): Reply {
  const eventId = hexId(param(call, "event"));
  const project = projectForLists(call);
  const event = eventId ? call.state.events.first("eventId", eventId) : undefined;
  if (!project || event?.projectId !== project.id) throw gone();
  return json(200, eventDetailView(call.world, call.state, event));
}

function ownIssue(call: Call): Issue | undefined {
  const issue = call.state.issues.get(intParam(call, "issue"));
  const project = issue && call.state.projects.get(issue.projectId);
  return project && memberIn(call, project.organizationId) ? issue : undefined;
}

const eventsOfIssue = (call: Call): StoredEvent[] => {
  const issue = ownIssue(call);
  return issue ? call.state.events.where("issue", issue.id) : [];
};

function listOfIssue(call: Call): Reply {
  return pageOf(call, eventsOfIssue(call));
}

function latestOfIssue(call: Call): Reply {
  const last = eventsOfIssue(call).at(-1);
  if (!last) throw gone();
  return json(200, eventDetailView(call.world, call.state, last));
}
