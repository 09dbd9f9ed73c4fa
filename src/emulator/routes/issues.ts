import { intParam, type RouteCall } from "../call.ts";
import { hexId } from "../event-payload.ts";
import { gone, memberIn, projectAt, requireMembership } from "../find.ts";
import { type FoundIssue, issueOrder, selectIssues } from "../issue-search.ts";
import { page, sorted } from "../paging.ts";
import { json, noContent, type Reply } from "../reply.ts";
import type { Endpoint, Routes } from "../router.ts";
import type { IssueRow, ProjectRow } from "../rows.ts";
import { removeIssue } from "../worker.ts";
import type { World } from "../world.ts";

const WRITE = ["event:write", "event:admin"];
const READ = ["event:read", ...WRITE];
const BODY: NonNullable<Endpoint["body"]> = {
  status: { type: "string", oneOf: ["unresolved", "resolved", "ignored"], optional: true, nullable: true },
  merge: { type: "integer", optional: true, nullable: true },
};

/** The methods of each generation are those in its source (quirk noIssuePut). */
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

function pageOf(call: RouteCall, found: FoundIssue[]): Reply {
  const by = issueOrder(call);
  const eventId = hexId(call.query.get("query")) ?? null;
  const headers: Reply["headers"] = eventId ? { "x-sentry-direct-hit": "1" } : {};
  const view = ({ project, issue }: FoundIssue) => issueView(call.world, project, issue, eventId);
  return page(call, sorted(found, by), by, view, headers);
}

function organizationProjects(call: RouteCall): ProjectRow[] {
  return call.state.projects.where("organization", requireMembership(call).organization.id);
}

function listOfOrganization(call: RouteCall): Reply {
  return pageOf(call, selectIssues(call, organizationProjects(call), false));
}

/** Includes deleted issues until the worker has removed them (read). */
function listOfProject(call: RouteCall): Reply {
  const project = projectAt(call, requireMembership(call).organization.id);
  return pageOf(call, project ? selectIssues(call, [project], true) : []);
}

function requireIssue(call: RouteCall): FoundIssue {
  const issue = call.state.issues.get(intParam(call, "issue"));
  const project = issue && call.state.projects.get(issue.projectId);
  if (!issue || !project || !memberIn(call, project.organizationId)) throw gone();
  const { organization } = call.params;
  if (organization !== undefined && requireMembership(call).organization.id !== project.organizationId) throw gone();
  return { issue, project };
}

function get(call: RouteCall): Reply {
  const { issue, project } = requireIssue(call);
  return json(200, issueDetailView(call.world, project, issue));
}

type Status = IssueRow["status"];

function update(call: RouteCall): Reply {
  const { issue, project } = requireIssue(call);
  const status = (call.payload.status as Status | undefined) ?? issue.status;
  return json(200, changedIssueView(call.world, project, call.state.issues.update(issue.id, { status })));
}

function updateMany(call: RouteCall): Reply {
  const { status = null, merge = null } = call.payload;
  for (const { issue } of selectIssues(call, organizationProjects(call), true)) {
    if (status !== null) call.state.issues.update(issue.id, { status: status as Status });
  }
  return json(200, { status, merge });
}

/** Hides the issue at once; the worker removes it and its events later. */
function remove(call: RouteCall): Reply {
  markDeleted(call, requireIssue(call).issue);
  return noContent();
}

function removeMany(call: RouteCall): Reply {
  for (const { issue } of selectIssues(call, organizationProjects(call), true)) markDeleted(call, issue);
  return json(200, { status: "resolved", merge: null });
}

function markDeleted(call: RouteCall, issue: IssueRow): void {
  if (call.world.processingDelayMs === 0) removeIssue(call.state, issue.id);
  else call.state.issues.update(issue.id, { deletedAtMs: call.world.now() });
}

function issueView(world: World, project: ProjectRow, issue: IssueRow, matchingEventId: string | null = null) {
  return {
    id: String(issue.id),
    count: String(issue.count),
    type: issue.type,
    level: issue.level,
    status: issue.status,
    project: { id: String(project.id), platform: project.platform, slug: project.slug, name: project.name },
    shortId: world.has("emptyShortId") ? "" : `${project.slug.toUpperCase()}-${base32(issue.shortId)}`,
    numComments: 0,
    stats: { "24h": [] },
    shareId: null,
    logger: null,
    permalink: world.has("noPermalink") ? "Not implemented" : `${world.domain()}/${project.slug}/issues/${issue.id}`,
    statusDetails: {},
    subscriptionDetails: null,
    userCount: 0,
    matchingEventId,
    firstSeen: issue.firstSeen,
    lastSeen: issue.lastSeen,
    title: issue.title,
    metadata: issue.metadata,
    culprit: issue.culprit,
  };
}

const base32 = (value: number): string => value.toString(32).toUpperCase();

const issueDetailView = (world: World, project: ProjectRow, issue: IssueRow) => ({
  ...issueView(world, project, issue),
  userReportCount: 0,
});

/** An update answers with Python's field names instead of the API's (read: the route lacks by_alias). */
function changedIssueView(world: World, project: ProjectRow, issue: IssueRow) {
  const { shareId, statusDetails, subscriptionDetails, userCount, matchingEventId, ...rest } = issueDetailView(
    world,
    project,
    issue,
  );
  return {
    ...rest,
    share_id: shareId,
    status_details: statusDetails,
    subscription_details: subscriptionDetails,
    user_count: userCount,
    matching_event_id: matchingEventId,
  };
}
