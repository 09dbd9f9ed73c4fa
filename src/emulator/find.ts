import type { OrganizationRole } from "../glitchtip/wire/shapes.ts";
import { param, type RouteCall, userOf } from "./call.ts";
import { ApiError } from "./reply.ts";
import type { KeyRow, MemberRow, OrganizationRow, ProjectRow, TeamRow } from "./rows.ts";
import { ofProject } from "./state.ts";

const RANKS: Readonly<Record<OrganizationRole, number>> = { member: 0, admin: 1, manager: 2, owner: 3 };
export const gone = (): ApiError => new ApiError(404, "Not Found");

interface Membership {
  readonly organization: OrganizationRow;
  readonly member: MemberRow;
}

/** Returns the organization of the path and the membership of the account in it; `undefined` for outsiders. */
export function membership(call: RouteCall): Membership | undefined {
  const organization = call.state.organizations
    .where("slug", param(call, "organization"))
    .find((row) => row.deletedAtMs === null);
  const member = organization && memberIn(call, organization.id);
  return organization && member ? { organization, member } : undefined;
}

/** Throws 404 for outsiders and for members below the role (scopes: "outsider creates a team"). */
export function requireMembership(call: RouteCall, least: OrganizationRole = "member"): Membership {
  const found = membership(call);
  if (!found || RANKS[found.member.role] < RANKS[least]) throw gone();
  return found;
}

/** Throws 403 for a member below the role. */
export function requireRole(found: Membership, least: OrganizationRole): void {
  if (RANKS[found.member.role] < RANKS[least]) throw new ApiError(403, "forbidden");
}

export function memberIn(call: RouteCall, organizationId: number): MemberRow | undefined {
  return call.state.members.where("user", userOf(call).id).find((row) => row.organizationId === organizationId);
}

/** Returns the member of the path, which is an id or "me". */
export function requireMember(call: RouteCall, organizationId: number): MemberRow {
  const asked = param(call, "member");
  const members = call.state.members.where("organization", organizationId);
  const member = members.find((row) => (asked === "me" ? row.userId === userOf(call).id : row.id === Number(asked)));
  if (!member) throw gone();
  return member;
}

/** Returns the organizations of the account. */
export function ownOrganizations(call: RouteCall): OrganizationRow[] {
  return call.state.members
    .where("user", userOf(call).id)
    .map((member) => call.state.organizations.get(member.organizationId))
    .filter((row) => row !== undefined && row.deletedAtMs === null) as OrganizationRow[];
}

export function requireTeam(call: RouteCall, organizationId: number): TeamRow {
  const team = call.state.teams.first("slug", ofProject(organizationId, param(call, "team")));
  if (!team) throw gone();
  return team;
}

/** Returns the project of the path, even a soft-deleted one: only some endpoints look at the mark. */
export function projectAt(call: RouteCall, organizationId: number): ProjectRow | undefined {
  return call.state.projects.first("slug", ofProject(organizationId, param(call, "project")));
}

export function requireProject(call: RouteCall, organizationId: number): ProjectRow {
  const project = projectAt(call, organizationId);
  if (!project || project.deletedAtMs !== null) throw gone();
  return project;
}

/** Returns the project of the path for a list, which is empty for outsiders and unknown projects (keys, alerts, scopes). */
export function projectForLists(call: RouteCall): ProjectRow | undefined {
  const found = membership(call);
  return found && projectAt(call, found.organization.id);
}

export function requireKey(call: RouteCall): KeyRow {
  const project = projectForLists(call);
  const key = call.state.keys.first("publicKey", param(call, "key").toLowerCase());
  if (!project || key?.projectId !== project.id) throw gone();
  return key;
}
