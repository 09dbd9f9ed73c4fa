import { invalid, isObject } from "../body.ts";
import { type Call, intParam, nowIso, param, userOf } from "../call.ts";
import { gone, membership, requireMembership, requireRole, requireTeam } from "../find.ts";
import { newestFirst, page, sorted } from "../paging.ts";
import { removeMember } from "../purge.ts";
import { ApiError, json, noContent, type Reply } from "../reply.ts";
import type { Endpoint, Routes } from "../router.ts";
import type { Member, Role } from "../state.ts";
import { memberDetailView, memberView } from "../views/accounts.ts";
import { teamDetailView } from "../views/organizations.ts";
import { registrationOpen } from "./web.ts";

const WRITE = ["member:write", "member:admin"];
const READ = ["member:read", ...WRITE];
const TEAM_WRITE = ["team:write", "team:admin"];
const UPDATE: NonNullable<Endpoint["body"]> = {
  orgRole: { type: "string", oneOf: ["member", "admin", "manager", "owner"] },
  teamRoles: { type: "list", optional: true },
};
const INVITE: NonNullable<Endpoint["body"]> = {
  ...UPDATE,
  email: { type: "string" },
  sendInvite: { type: "boolean", optional: true },
  reinvite: { type: "boolean", optional: true },
};
const ALL = "/api/0/organizations/{slug:organization}/members/";

export const memberRoutes: Routes = {
  [ALL]: {
    GET: { auth: "any", scopes: READ, handle: list },
    POST: { auth: "any", scopes: WRITE, body: INVITE, handle: invite },
  },
  [`${ALL}{int:member}/`]: {
    GET: { auth: "any", scopes: READ, handle: get },
    PUT: { auth: "any", scopes: WRITE, body: UPDATE, handle: update },
    DELETE: { auth: "any", scopes: ["member:admin"], handle: remove },
  },
  [`${ALL}{int:member}/set_owner/`]: { POST: { auth: "any", scopes: ["member:admin"], handle: setOwner } },
  [`${ALL}{slug:member}/teams/{slug:team}/`]: {
    POST: { auth: "any", scopes: TEAM_WRITE, handle: (call) => changeTeam(call, true) },
    DELETE: { auth: "any", scopes: TEAM_WRITE, handle: (call) => changeTeam(call, false) },
  },
  "/api/0/teams/{slug:organization}/{slug:team}/members/": {
    GET: { auth: "any", scopes: READ, handle: listOfTeam },
  },
};

function pageOf(call: Call, keep: (member: Member) => boolean): Reply {
  const found = membership(call);
  const rows = found ? call.state.members.where("organization", found.organization.id).filter(keep) : [];
  const view = (row: Member) => found && memberView(call.world, call.state, found.organization, row);
  return page(call, sorted(rows, newestFirst), newestFirst, view);
}

function list(call: Call): Reply {
  return pageOf(call, () => true);
}

function listOfTeam(call: Call): Reply {
  const found = membership(call);
  const team = found && requireTeam(call, found.organization.id);
  return pageOf(call, (member) => team?.memberIds.includes(member.id) ?? false);
}

/** Inviting again is 201 with the same id, unless `reinvite` is false (members). */
function invite(call: Call): Reply {
  const { state, world, payload } = call;
  const email = checkEmail(String(payload.email));
  const found = requireMembership(call);
  requireRole(found, "manager");
  const { organization } = found;
  const account = state.users.first("email", email.toLowerCase());
  if (!account && !registrationOpen(world, state)) throw new ApiError(403, "Only existing users may be invited");
  const members = state.members.where("organization", organization.id);
  if (account && members.some((row) => row.userId === account.id)) {
    throw new ApiError(409, `The user ${email} is already a member`);
  }
  const known = members.find((row) => row.email === email);
  if (known && payload.reinvite === false) throw new ApiError(409, `The user ${email} is already invited`);
  const role = payload.orgRole as Role;
  const member =
    known ??
    state.members.insert({ organizationId: organization.id, userId: null, email, role, created: nowIso(call) });
  joinTeams(call, organization.id, member.id);
  const link = world.has("inviteLink") ? { inviteLink: `${world.domain()}/accept/${member.id}/invitation` } : {};
  return json(201, { ...memberView(world, state, organization, member), ...link });
}

function checkEmail(email: string): string {
  const reason = email.includes("@")
    ? "The part after the @-sign is not valid. It should have a period."
    : "An email address must have an @-sign.";
  if (/^[^\s@]+@[^\s@.]+(\.[^\s@.]+)+$/.test(email)) return email;
  const msg = `value is not a valid email address: ${reason}`;
  throw invalid([{ type: "value_error", loc: ["body", "payload", "email"], msg, ctx: { reason } }]);
}

function joinTeams(call: Call, organizationId: number, memberId: number): void {
  const roles: unknown = call.payload.teamRoles;
  const slugs = Array.isArray(roles) ? roles.map((role: unknown) => (isObject(role) ? role.teamSlug : undefined)) : [];
  for (const team of call.state.teams.where("organization", organizationId)) {
    if (!slugs.includes(team.slug)) continue;
    call.state.teams.update(team.id, { memberIds: [...new Set([...team.memberIds, memberId])] });
  }
}

function requireMember(call: Call, organizationId: number): Member {
  const asked = param(call, "member");
  const members = call.state.members.where("organization", organizationId);
  const member = members.find((row) => (asked === "me" ? row.userId === userOf(call).id : row.id === Number(asked)));
  if (!member) throw gone();
  return member;
}

function get(call: Call): Reply {
  const { organization } = requireMembership(call);
  const member = requireMember(call, organization.id);
  return json(200, memberDetailView(call.world, call.state, organization, member));
}

/** The role only: teams are not touched. */
function update(call: Call): Reply {
  const found = requireMembership(call);
  const { organization } = found;
  const member = requireMember(call, organization.id);
  requireRole(found, "manager");
  const role = call.payload.orgRole as Role;
  const others = call.state.members.where("organization", organization.id).filter((row) => row.id !== member.id);
  if (role !== "owner" && !others.some((row) => row.role === "owner")) {
    throw new ApiError(422, "Organization must have at least one owner");
  }
  const changed = call.state.members.update(member.id, { role });
  return json(200, memberDetailView(call.world, call.state, organization, changed));
}

function remove(call: Call): Reply {
  const found = requireMembership(call);
  const id = intParam(call, "member");
  if (found.organization.ownerMemberId === id && found.member.id === id) {
    throw new ApiError(400, "User is organization owner. Transfer ownership first.");
  }
  const member = requireMember(call, found.organization.id);
  if (member.userId !== userOf(call).id) requireRole(found, "manager");
  removeMember(call.state, member.id);
  return noContent();
}

function setOwner(call: Call): Reply {
  const { organization, member: actor } = requireMembership(call);
  const member = requireMember(call, organization.id);
  if (actor.role !== "owner") throw new ApiError(403, "Only owner may set organization owner.");
  const changed = call.state.organizations.update(organization.id, { ownerMemberId: member.id });
  return json(200, memberDetailView(call.world, call.state, changed, member));
}

/** The answer counts the members from before the change (members: "add to a team"). */
function changeTeam(call: Call, joins: boolean): Reply {
  const { organization, member: actor } = requireMembership(call);
  const team = requireTeam(call, organization.id);
  const member = requireMember(call, organization.id);
  const answer = teamDetailView(call.state, team, actor);
  const others = team.memberIds.filter((id) => id !== member.id);
  call.state.teams.update(team.id, { memberIds: joins ? [...others, member.id] : others });
  return json(joins ? 201 : 200, joins ? { ...answer, isMember: true } : answer);
}
