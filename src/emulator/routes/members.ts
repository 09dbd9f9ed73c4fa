import type { OrganizationRole } from "../../glitchtip/wire/shapes.ts";
import { invalid, isObject } from "../body.ts";
import { endsHalfDone, intParam, nowIso, type RouteCall, userOf } from "../call.ts";
import { membership, requireMember, requireMembership, requireRole } from "../find.ts";
import { newestFirst, page, sorted } from "../paging.ts";
import { ApiError, DatabaseError, json, noContent, type Reply } from "../reply.ts";
import type { Endpoint, Routes } from "../router.ts";
import type { MemberRow, OrganizationRow } from "../rows.ts";
import type { EmulatorState } from "../state.ts";
import { removeMember } from "../worker.ts";
import type { World } from "../world.ts";
import { userView } from "./users.ts";
import { registrationOpen } from "./web.ts";

const ROLE: NonNullable<Endpoint["body"]> = {
  orgRole: { type: "string", oneOf: ["member", "admin", "manager", "owner"] },
  teamRoles: { type: "list", optional: true },
};

const INVITATION: NonNullable<Endpoint["body"]> = {
  ...ROLE,
  email: { type: "string" },
  sendInvite: { type: "boolean", optional: true },
  reinvite: { type: "boolean", optional: true },
};

const WRITE = ["member:write", "member:admin"];

/** The scopes for lists of members. */
export const MEMBER_READ_SCOPES = ["member:read", ...WRITE];
const ALL = "/api/0/organizations/{slug:organization}/members/";

export const memberRoutes: Routes = {
  [ALL]: {
    GET: { auth: "any", scopes: MEMBER_READ_SCOPES, handle: list },
    POST: { auth: "any", scopes: WRITE, body: INVITATION, handle: invite },
  },
  [`${ALL}{int:member}/`]: {
    GET: { auth: "any", scopes: MEMBER_READ_SCOPES, handle: get },
    PUT: { auth: "any", scopes: WRITE, body: ROLE, handle: update },
    DELETE: { auth: "any", scopes: ["member:admin"], handle: remove },
  },
  [`${ALL}{int:member}/set_owner/`]: { POST: { auth: "any", scopes: ["member:admin"], handle: setOwner } },
};

/** Returns a page of members of the organization, the newest first; it is empty for outsiders. */
export function pageOfMembers(call: RouteCall, keep: (member: MemberRow) => boolean): Reply {
  const found = membership(call);
  const rows = found ? call.state.members.where("organization", found.organization.id).filter(keep) : [];
  const view = (row: MemberRow) => found && memberView(call.world, call.state, found.organization, row);
  return page(call, sorted(rows, newestFirst), newestFirst, view);
}

function list(call: RouteCall): Reply {
  return pageOfMembers(call, () => true);
}

function get(call: RouteCall): Reply {
  const { organization } = requireMembership(call);
  const member = requireMember(call, organization.id);
  return json(200, memberDetailView(call.world, call.state, organization, member));
}

/** Changes the role only; `teamRoles` is ignored. */
function update(call: RouteCall): Reply {
  const found = requireMembership(call);
  const { organization } = found;
  const member = requireMember(call, organization.id);
  requireRole(found, "manager");
  const role = call.payload.orgRole as OrganizationRole;
  const others = call.state.members.where("organization", organization.id).filter((row) => row.id !== member.id);
  if (role !== "owner" && !others.some((row) => row.role === "owner")) {
    throw new ApiError(422, "Organization must have at least one owner");
  }
  const changed = call.state.members.update(member.id, { role });
  return json(200, memberDetailView(call.world, call.state, organization, changed));
}

function remove(call: RouteCall): Reply {
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

function setOwner(call: RouteCall): Reply {
  const { organization, member: actor } = requireMembership(call);
  const member = requireMember(call, organization.id);
  if (actor.role !== "owner") throw new ApiError(403, "Only owner may set organization owner.");
  const changed = call.state.organizations.update(organization.id, { ownerMemberId: member.id });
  return json(200, memberDetailView(call.world, call.state, changed, member));
}

/** Inviting again answers 201 with the same id, unless `reinvite` is false (members: "invite the same again"). */
function invite(call: RouteCall): Reply {
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
  const role = payload.orgRole as OrganizationRole;
  const member =
    known ??
    state.members.insert({ organizationId: organization.id, userId: null, email, role, created: nowIso(call) });
  endsHalfDone(call);
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

function joinTeams(call: RouteCall, organizationId: number, memberId: number): void {
  const roles: unknown = call.payload.teamRoles;
  const slugs = Array.isArray(roles) ? roles.map((role: unknown) => (isObject(role) ? role.teamSlug : undefined)) : [];
  for (const team of call.state.teams.where("organization", organizationId)) {
    if (!slugs.includes(team.slug)) continue;
    call.state.teams.update(team.id, { memberIds: [...new Set([...team.memberIds, memberId])] });
  }
}

const TITLES = { member: "Member", admin: "Admin", manager: "Manager", owner: "Owner" } as const;

function member(world: World, state: EmulatorState, row: MemberRow) {
  const user = row.userId === null ? undefined : state.users.get(row.userId);
  return {
    id: String(row.id),
    role: row.role,
    roleName: TITLES[row.role],
    dateCreated: row.created,
    email: user?.email ?? row.email,
    user: user ? userView(world, user) : null,
    pending: user === undefined,
  };
}

/** Fails if another owner deleted the owner of record (run on 5.2, read in 6). */
function isOwner({ ownerMemberId }: OrganizationRow, { id }: MemberRow): boolean {
  if (ownerMemberId === null) throw new DatabaseError("the organization has no owner");
  return ownerMemberId === id;
}

function memberView(world: World, state: EmulatorState, organization: OrganizationRow, row: MemberRow) {
  const shared = member(world, state, row);
  return world.has("listHidesOwner") ? shared : { ...shared, isOwner: isOwner(organization, row) };
}

function memberDetailView(world: World, state: EmulatorState, organization: OrganizationRow, row: MemberRow) {
  const teams = state.teams.where("organization", organization.id).filter((team) => team.memberIds.includes(row.id));
  return {
    ...member(world, state, row),
    isOwner: isOwner(organization, row),
    teams: teams.map((team) => team.slug),
  };
}
