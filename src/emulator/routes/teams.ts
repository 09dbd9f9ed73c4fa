import { nowIso, param, type RouteCall } from "../call.ts";
import { membership, projectForLists, requireMember, requireMembership, requireProject, requireTeam } from "../find.ts";
import { newestFirst, page, sorted } from "../paging.ts";
import { DatabaseError, json, noContent, type Reply } from "../reply.ts";
import type { Endpoint, Routes } from "../router.ts";
import { ofProject } from "../state.ts";
import { projectWithTeamsView, teamDetailView, teamView } from "../views.ts";
import { removeTeam } from "../worker.ts";
import { MEMBER_READ_SCOPES, pageOfMembers } from "./members.ts";

const READ = ["team:read", "team:write", "team:admin"];

/** The scopes for lists of teams. */
const TEAM_LIST_SCOPES = [...READ, "org:read", "org:write", "org:admin"];
const WRITE = ["team:write", "team:admin"];
const BODY: NonNullable<Endpoint["body"]> = {
  slug: { type: "string", pattern: "^[-a-zA-Z0-9_]+$", maxLength: 50 },
};

export const teamRoutes: Routes = {
  "/api/0/organizations/{slug:organization}/teams/": {
    GET: { auth: "any", scopes: TEAM_LIST_SCOPES, handle: list },
    POST: { auth: "any", scopes: [...WRITE, "org:admin", "org:write"], body: BODY, handle: create },
  },
  "/api/0/teams/{slug:organization}/{slug:team}/": {
    GET: { auth: "any", scopes: READ, handle: get },
    PUT: { auth: "any", scopes: WRITE, body: BODY, handle: rename },
    DELETE: { auth: "any", scopes: ["team:admin"], handle: remove },
  },
};

function list(call: RouteCall): Reply {
  const found = membership(call);
  const rows = found ? call.state.teams.where("organization", found.organization.id) : [];
  return page(call, sorted(rows, newestFirst), newestFirst, (team) =>
    found ? teamDetailView(call.state, team, found.member) : undefined,
  );
}

/** A duplicate answers 500 and uses up an id (teams: "create again"). */
function create(call: RouteCall): Reply {
  const { organization, member } = requireMembership(call, "admin");
  const slug = String(call.payload.slug);
  claimSlug(call, organization.id, slug);
  const team = call.state.teams.insert({
    organizationId: organization.id,
    slug,
    created: nowIso(call),
    memberIds: [member.id],
  });
  return json(201, teamDetailView(call.state, team, member));
}

function claimSlug(call: RouteCall, organizationId: number, slug: string): void {
  if (!call.state.teams.first("slug", ofProject(organizationId, slug))) return;
  if (call.method === "POST") call.state.teams.skipId();
  throw new DatabaseError("the slug of a team is unique");
}

function get(call: RouteCall): Reply {
  const { organization, member } = requireMembership(call);
  return json(200, teamDetailView(call.state, requireTeam(call, organization.id), member));
}

function rename(call: RouteCall): Reply {
  const { organization, member } = requireMembership(call);
  const team = requireTeam(call, organization.id);
  const slug = String(call.payload.slug);
  if (slug !== param(call, "team")) claimSlug(call, organization.id, slug);
  return json(200, teamDetailView(call.state, call.state.teams.update(team.id, { slug }), member));
}

function remove(call: RouteCall): Reply {
  const { organization } = requireMembership(call, "admin");
  removeTeam(call.state, requireTeam(call, organization.id).id);
  return noContent();
}

/** The teams of a project. Linking needs project:admin (project-teams: "link with project:write"). */
export const projectTeamRoutes: Routes = {
  "/api/0/projects/{slug:organization}/{slug:project}/teams/": {
    GET: { auth: "any", scopes: TEAM_LIST_SCOPES, handle: listOfProject },
  },
  "/api/0/projects/{slug:organization}/{slug:project}/teams/{slug:team}/": {
    POST: { auth: "any", scopes: ["project:admin"], handle: link },
    DELETE: { auth: "any", scopes: ["project:admin"], handle: unlink },
  },
};

function listOfProject(call: RouteCall): Reply {
  const found = membership(call);
  const project = projectForLists(call);
  const rows = (project?.teamIds ?? []).map((id) => call.state.teams.get(id)).filter((team) => team !== undefined);
  return page(call, sorted(rows, newestFirst), newestFirst, (team) => found && teamView(team, found.member));
}

/** Linking again answers 201 (project-teams: "link again"). */
function link(call: RouteCall): Reply {
  const { organization, member } = requireMembership(call, "manager");
  const project = requireProject(call, organization.id);
  const team = requireTeam(call, organization.id);
  const teamIds = [...new Set([...project.teamIds, team.id])];
  const changed = call.state.projects.update(project.id, { teamIds });
  return json(201, projectWithTeamsView(call.world, call.state, changed, member));
}

/** Unlinking again answers 404; the last team may be unlinked (project-teams: "unlink again", "unlink the last team"). */
function unlink(call: RouteCall): Reply {
  const { organization, member } = requireMembership(call, "manager");
  const project = requireProject(call, organization.id);
  const team = requireTeam(call, organization.id);
  if (!project.teamIds.includes(team.id)) return json(404, { detail: "Not Found" });
  const teamIds = project.teamIds.filter((id) => id !== team.id);
  const changed = call.state.projects.update(project.id, { teamIds });
  return json(200, projectWithTeamsView(call.world, call.state, changed, member));
}

/** The members of a team. */
export const teamMemberRoutes: Routes = {
  "/api/0/teams/{slug:organization}/{slug:team}/members/": {
    GET: { auth: "any", scopes: MEMBER_READ_SCOPES, handle: listMembers },
  },
  "/api/0/organizations/{slug:organization}/members/{slug:member}/teams/{slug:team}/": {
    POST: { auth: "any", scopes: WRITE, handle: (call) => changeMembers(call, true) },
    DELETE: { auth: "any", scopes: WRITE, handle: (call) => changeMembers(call, false) },
  },
};

function listMembers(call: RouteCall): Reply {
  const found = membership(call);
  const team = found && requireTeam(call, found.organization.id);
  return pageOfMembers(call, (member) => team?.memberIds.includes(member.id) ?? false);
}

/** The answer has the number of members before the change (members: "add to a team"). */
function changeMembers(call: RouteCall, joins: boolean): Reply {
  const { organization, member: actor } = requireMembership(call);
  const team = requireTeam(call, organization.id);
  const member = requireMember(call, organization.id);
  const answer = teamDetailView(call.state, team, actor);
  const others = team.memberIds.filter((id) => id !== member.id);
  call.state.teams.update(team.id, { memberIds: joins ? [...others, member.id] : others });
  return json(joins ? 201 : 200, joins ? { ...answer, isMember: true } : answer);
}
