import type { Call } from "../call.ts";
import { membership, requireMember, requireMembership, requireTeam } from "../find.ts";
import { json, type Reply } from "../reply.ts";
import type { Routes } from "../router.ts";
import { teamDetailView } from "../views/organizations.ts";
import { MEMBER_READ_SCOPES, pageOfMembers } from "./members.ts";

const WRITE = ["team:write", "team:admin"];

/** Who is in a team. */
export const teamMemberRoutes: Routes = {
  "/api/0/teams/{slug:organization}/{slug:team}/members/": {
    GET: { auth: "any", scopes: MEMBER_READ_SCOPES, handle: list },
  },
  "/api/0/organizations/{slug:organization}/members/{slug:member}/teams/{slug:team}/": {
    POST: { auth: "any", scopes: WRITE, handle: (call) => change(call, true) },
    DELETE: { auth: "any", scopes: WRITE, handle: (call) => change(call, false) },
  },
};

function list(call: Call): Reply {
  const found = membership(call);
  const team = found && requireTeam(call, found.organization.id);
  return pageOfMembers(call, (member) => team?.memberIds.includes(member.id) ?? false);
}

/** The answer counts the members from before the change (members: "add to a team"). */
function change(call: Call, joins: boolean): Reply {
  const { organization, member: actor } = requireMembership(call);
  const team = requireTeam(call, organization.id);
  const member = requireMember(call, organization.id);
  const answer = teamDetailView(call.state, team, actor);
  const others = team.memberIds.filter((id) => id !== member.id);
  call.state.teams.update(team.id, { memberIds: joins ? [...others, member.id] : others });
  return json(joins ? 201 : 200, joins ? { ...answer, isMember: true } : answer);
}
