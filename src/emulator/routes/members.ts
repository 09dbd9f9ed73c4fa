import { type Call, intParam, userOf } from "../call.ts";
import { membership, requireMember, requireMembership, requireRole } from "../find.ts";
import { newestFirst, page, sorted } from "../paging.ts";
import { removeMember } from "../purge.ts";
import { ApiError, json, noContent, type Reply } from "../reply.ts";
import type { Routes } from "../router.ts";
import type { Member, Role } from "../state.ts";
import { memberDetailView, memberView } from "../views/accounts.ts";
import { INVITATION, invite, ROLE } from "./invitations.ts";

const WRITE = ["member:write", "member:admin"];
/** Of lists of members. */
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

/** Members of the organization, the newest first; none for strangers. */
export function pageOfMembers(call: Call, keep: (member: Member) => boolean): Reply {
  const found = membership(call);
  const rows = found ? call.state.members.where("organization", found.organization.id).filter(keep) : [];
  const view = (row: Member) => found && memberView(call.world, call.state, found.organization, row);
  return page(call, sorted(rows, newestFirst), newestFirst, view);
}

function list(call: Call): Reply {
  return pageOfMembers(call, () => true);
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
