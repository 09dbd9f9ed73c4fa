import type { Call } from "../call.ts";
import { intParam } from "../call.ts";
import { hexId } from "../event-shape.ts";
import { gone, memberIn, projectAt, requireMembership } from "../find.ts";
import { type FoundIssue, issueOrder, selectIssues } from "../issue-list.ts";
import { page, sorted } from "../paging.ts";
import { removeIssue } from "../purge.ts";
import { json, noContent, type Reply } from "../reply.ts";
import type { Endpoint, Routes } from "../router.ts";
import type { Issue, Project } from "../state.ts";
import { changedIssueView, issueDetailView, issueView } from "../views/events.ts";

const WRITE = ["event:write", "event:admin"];
const READ = ["event:read", ...WRITE];
const BODY: NonNullable<Endpoint["body"]> = {
  status: { type: "string", oneOf: ["unresolved", "resolved", "ignored"], optional: true, nullable: true },
  merge: { type: "integer", optional: true, nullable: true },
};

/** The verbs of each generation as its sources have them (quirks: noIssuePut). */
export const issueRoutes: Routes = {
  "/api/0/organizations/{slug:organization}/issues/": {
    GET: { auth: "any", scopes: READ, handle: listOfOrganization },
    PUT: { auth: "any", scopes: WRITE, body: BODY, handle: updateMany },
    DELETE: { auth: "any", scopes: WRITE, handle: removeMany },
  },
  "/api/0/projects/{slug:organization}/{slug:project}/issues/": {
    GET: { auth: "any", scopes: READ, handle: listOfProject },
  },
  "/api/0/issues/{int:issue}/": {
    GET: { auth: "any", scopes: READ, handle: get },
    PUT: { auth: "any", scopes: WRITE, body: BODY, handle: update, presentIn: (world) => !world.has("noIssuePut") },
    DELETE: { auth: "any", scopes: WRITE, handle: remove },
  },
  "/api/0/organizations/{slug:organization}/issues/{int:issue}/": {
    PUT: { auth: "any", scopes: WRITE, body: BODY, handle: update },
  },
};

function pageOf(call: Call, found: FoundIssue[]): Reply {
  const by = issueOrder(call);
  const eventId = hexId(call.query.get("query")) ?? null;
  const headers: Reply["headers"] = eventId ? { "x-sentry-direct-hit": "1" } : {};
  const view = ({ project, issue }: FoundIssue) => issueView(call.world, project, issue, eventId);
  return page(call, sorted(found, by), by, view, headers);
}

function organizationProjects(call: Call): Project[] {
  return call.state.projects.where("organization", requireMembership(call).organization.id);
}

function listOfOrganization(call: Call): Reply {
  return pageOf(call, selectIssues(call, organizationProjects(call), false));
}

/** Deleted issues stay in this list until the worker has removed them (read). */
function listOfProject(call: Call): Reply {
  const project = projectAt(call, requireMembership(call).organization.id);
  return pageOf(call, project ? selectIssues(call, [project], true) : []);
}

function requireIssue(call: Call): FoundIssue {
  const issue = call.state.issues.get(intParam(call, "issue"));
  const project = issue && call.state.projects.get(issue.projectId);
  if (!issue || !project || !memberIn(call, project.organizationId)) throw gone();
  const { organization } = call.params;
  if (organization !== undefined && requireMembership(call).organization.id !== project.organizationId) throw gone();
  return { issue, project };
}

function get(call: Call): Reply {
  const { issue, project } = requireIssue(call);
  return json(200, issueDetailView(call.world, project, issue));
}

type Status = Issue["status"];

function update(call: Call): Reply {
  const { issue, project } = requireIssue(call);
  const status = (call.payload.status as Status | undefined) ?? issue.status;
  return json(200, changedIssueView(call.world, project, call.state.issues.update(issue.id, { status })));
}

function updateMany(call: Call): Reply {
  const { status = null, merge = null } = call.payload;
  for (const { issue } of selectIssues(call, organizationProjects(call), true)) {
    if (status !== null) call.state.issues.update(issue.id, { status: status as Status });
  }
  return json(200, { status, merge });
}

/** Gone from the lists at once, its events when the worker comes to it. */
function remove(call: Call): Reply {
  markDeleted(call, requireIssue(call).issue);
  return noContent();
}

function removeMany(call: Call): Reply {
  for (const { issue } of selectIssues(call, organizationProjects(call), true)) markDeleted(call, issue);
  return json(200, { status: "resolved", merge: null });
}

function markDeleted(call: Call, issue: Issue): void {
  if (call.world.processingDelayMs === 0) removeIssue(call.state, issue.id);
  else call.state.issues.update(issue.id, { deletedAtMs: call.world.now() });
}
