import { invalid, isObject } from "../body.ts";
import { type Call, nowIso } from "../call.ts";
import { requireMembership, requireRole } from "../find.ts";
import { ApiError, json, type Reply } from "../reply.ts";
import type { Endpoint } from "../router.ts";
import type { Role } from "../state.ts";
import { memberView } from "../views/accounts.ts";
import { registrationOpen } from "./web.ts";

export const ROLE: NonNullable<Endpoint["body"]> = {
  orgRole: { type: "string", oneOf: ["member", "admin", "manager", "owner"] },
  teamRoles: { type: "list", optional: true },
};
export const INVITATION: NonNullable<Endpoint["body"]> = {
  ...ROLE,
  email: { type: "string" },
  sendInvite: { type: "boolean", optional: true },
  reinvite: { type: "boolean", optional: true },
};

/** Inviting again is 201 with the same id, unless `reinvite` is false (members). */
export function invite(call: Call): Reply {
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
