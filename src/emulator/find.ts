import type { Call } from "./call.ts";
import { param, userOf } from "./call.ts";
import { ApiError } from "./reply.ts";
import { type Key, type Member, type Organization, ofProject, type Project, type Role, type Team } from "./state.ts";

const RANKS: Readonly<Record<Role, number>> = { member: 0, admin: 1, manager: 2, owner: 3 };

export const gone = (): ApiError => new ApiError(404, "Not Found");

export interface Membership {
  readonly organization: Organization;
  readonly member: Member;
}

/** The organization of the path, as one of its members sees it; `undefined` for everybody else. */
export function membership(call: Call): Membership | undefined {
  const organization = call.state.organizations
    .where("slug", param(call, "organization"))
    .find((row) => row.deletedAtMs === null);
  const member = organization && memberIn(call, organization.id);
  return organization && member ? { organization, member } : undefined;
}

/** Outsiders get 404, members below the role too (scopes: "outsider creates a team"). */
export function requireMembership(call: Call, least: Role = "member"): Membership {
  const found = membership(call);
  if (!found || RANKS[found.member.role] < RANKS[least]) throw gone();
  return found;
}

/** Where the server says 403 to a member below the role. */
export function requireRole(found: Membership, least: Role): void {
  if (RANKS[found.member.role] < RANKS[least]) throw new ApiError(403, "forbidden");
}

export function memberIn(call: Call, organizationId: number): Member | undefined {
  return call.state.members.where("user", userOf(call).id).find((row) => row.organizationId === organizationId);
}

/** By id, or "me". */
export function requireMember(call: Call, organizationId: number): Member {
  const asked = param(call, "member");
  const members = call.state.members.where("organization", organizationId);
  const member = members.find((row) => (asked === "me" ? row.userId === userOf(call).id : row.id === Number(asked)));
  if (!member) throw gone();
  return member;
}

/** Organizations of the account. */
export function ownOrganizations(call: Call): Organization[] {
  return call.state.members
    .where("user", userOf(call).id)
    .map((member) => call.state.organizations.get(member.organizationId))
    .filter((row) => row !== undefined && row.deletedAtMs === null) as Organization[];
}

export function requireTeam(call: Call, organizationId: number): Team {
  const team = call.state.teams.first("slug", ofProject(organizationId, param(call, "team")));
  if (!team) throw gone();
  return team;
}

/** Also a soft-deleted one: only some endpoints look at the mark. */
export function projectAt(call: Call, organizationId: number): Project | undefined {
  return call.state.projects.first("slug", ofProject(organizationId, param(call, "project")));
}

export function requireProject(call: Call, organizationId: number): Project {
  const project = projectAt(call, organizationId);
  if (!project || project.deletedAtMs !== null) throw gone();
  return project;
}

/** Lists below a project are empty for strangers and unknown projects (keys, alerts, scopes). */
export function projectForLists(call: Call): Project | undefined {
  const found = membership(call);
  return found && projectAt(call, found.organization.id);
}

export function requireKey(call: Call): Key {
  const project = projectForLists(call);
  const key = call.state.keys.first("publicKey", param(call, "key").toLowerCase());
  if (!project || key?.projectId !== project.id) throw gone();
  return key;
}
