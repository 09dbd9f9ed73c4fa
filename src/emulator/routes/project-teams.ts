import type { Call } from "../call.ts";
import { membership, projectForLists, requireMembership, requireProject, requireTeam } from "../find.ts";
import { newestFirst, page, sorted } from "../paging.ts";
import { json, type Reply } from "../reply.ts";
import type { Routes } from "../router.ts";
import { projectWithTeamsView, teamView } from "../views/organizations.ts";
import { TEAM_LIST_SCOPES } from "./teams.ts";

/** Which teams a project belongs to. Linking needs project:admin (project-teams). */
export const projectTeamRoutes: Routes = {
  "/api/0/projects/{slug:organization}/{slug:project}/teams/": {
    GET: { auth: "any", scopes: TEAM_LIST_SCOPES, handle: list },
  },
  "/api/0/projects/{slug:organization}/{slug:project}/teams/{slug:team}/": {
    POST: { auth: "any", scopes: ["project:admin"], handle: link },
    DELETE: { auth: "any", scopes: ["project:admin"], handle: unlink },
  },
};

function list(call: Call): Reply {
  const found = membership(call);
  const project = projectForLists(call);
  const rows = (project?.teamIds ?? []).map((id) => call.state.teams.get(id)).filter((team) => team !== undefined);
  return page(call, sorted(rows, newestFirst), newestFirst, (team) => found && teamView(team, found.member));
}

/** Linking again is 201 (project-teams). */
function link(call: Call): Reply {
  const { organization, member } = requireMembership(call, "manager");
  const project = requireProject(call, organization.id);
  const team = requireTeam(call, organization.id);
  const teamIds = [...new Set([...project.teamIds, team.id])];
  const changed = call.state.projects.update(project.id, { teamIds });
  return json(201, projectWithTeamsView(call.world, call.state, changed, member));
}

/** Unlinking again is 404, unlinking the last team is allowed (project-teams). */
function unlink(call: Call): Reply {
  const { organization, member } = requireMembership(call, "manager");
  const project = requireProject(call, organization.id);
  const team = requireTeam(call, organization.id);
  if (!project.teamIds.includes(team.id)) return json(404, { detail: "Not Found" });
  const teamIds = project.teamIds.filter((id) => id !== team.id);
  const changed = call.state.projects.update(project.id, { teamIds });
  return json(200, projectWithTeamsView(call.world, call.state, changed, member));
}
