import { type Call, nowIso, param } from "../call.ts";
import { membership, requireMembership, requireTeam } from "../find.ts";
import { newestFirst, page, sorted } from "../paging.ts";
import { removeTeam } from "../purge.ts";
import { DatabaseError, json, noContent, type Reply } from "../reply.ts";
import type { Endpoint, Routes } from "../router.ts";
import { ofProject } from "../state.ts";
import { teamDetailView } from "../views/organizations.ts";

const READ = ["team:read", "team:write", "team:admin"];
/** Also of lists of teams below a project. */
export const TEAM_LIST_SCOPES = [...READ, "org:read", "org:write", "org:admin"];
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

function list(call: Call): Reply {
  const found = membership(call);
  const rows = found ? call.state.teams.where("organization", found.organization.id) : [];
  return page(call, sorted(rows, newestFirst), newestFirst, (team) =>
    found ? teamDetailView(call.state, team, found.member) : undefined,
  );
}

/** A duplicate is a 500 that uses up an id (teams: "create again"). */
function create(call: Call): Reply {
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

function claimSlug(call: Call, organizationId: number, slug: string): void {
  if (!call.state.teams.first("slug", ofProject(organizationId, slug))) return;
  if (call.method === "POST") call.state.teams.skipId();
  throw new DatabaseError("the slug of a team is unique");
}

function get(call: Call): Reply {
  const { organization, member } = requireMembership(call);
  return json(200, teamDetailView(call.state, requireTeam(call, organization.id), member));
}

function rename(call: Call): Reply {
  const { organization, member } = requireMembership(call);
  const team = requireTeam(call, organization.id);
  const slug = String(call.payload.slug);
  if (slug !== param(call, "team")) claimSlug(call, organization.id, slug);
  return json(200, teamDetailView(call.state, call.state.teams.update(team.id, { slug }), member));
}

function remove(call: Call): Reply {
  const { organization } = requireMembership(call, "admin");
  removeTeam(call.state, requireTeam(call, organization.id).id);
  return noContent();
}
