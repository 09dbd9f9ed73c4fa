import type { OrganizationRole } from "../glitchtip/wire/shapes.ts";
import type { MemberRow, OrganizationRow, ProjectRow, TeamRow } from "./rows.ts";
import type { EmulatorState } from "./state.ts";
import type { World } from "./world.ts";

const AVATAR = { avatarType: "", avatarUuid: null };
const READ = "event:read event:write event:admin project:releases project:read org:read member:read team:read";
const ADMIN = `${READ} project:write project:admin team:write team:admin org:integrations`;
const MANAGER = `${ADMIN} member:write member:admin org:write`;
const ACCESS: Readonly<Record<OrganizationRole, string>> = {
  member: READ,
  admin: ADMIN,
  manager: MANAGER,
  owner: `${MANAGER} org:admin`,
};

export function organizationView(world: World, row: OrganizationRow) {
  const old = world.has("numericIds");
  return {
    name: row.name,
    id: old ? row.id : String(row.id),
    dateCreated: row.created,
    status: { id: "active", name: "active" },
    avatar: AVATAR,
    isEarlyAdopter: false,
    require2fa: false,
    slug: row.slug,
    isAcceptingEvents: true,
    ...(old ? {} : { eventThrottleRate: row.eventThrottleRate }),
    ...row.later,
  };
}

/** Contains all teams and projects, unpaged and including soft-deleted ones (docs/glitchtip-facts.md, "Organizations"). */
export function organizationDetailView(world: World, state: EmulatorState, row: OrganizationRow, viewer: MemberRow) {
  const projects = state.projects.where("organization", row.id);
  return {
    ...organizationView(world, row),
    projects: projects.map((project) => projectWithTeamsView(world, state, project, viewer)),
    teams: state.teams.where("organization", row.id).map((team) => teamView(team, viewer)),
    ...(world.has("numericIds") ? {} : { access: ACCESS[viewer.role].split(" ") }),
    openMembership: true,
  };
}

export function teamView(team: TeamRow, viewer: MemberRow) {
  return {
    id: String(team.id),
    slug: team.slug,
    dateCreated: team.created,
    isMember: team.memberIds.includes(viewer.id),
    memberCount: team.memberIds.length,
  };
}

/** Contains its projects, including soft-deleted ones. */
export function teamDetailView(state: EmulatorState, team: TeamRow, viewer: MemberRow) {
  const projects = state.projects
    .where("organization", team.organizationId)
    .filter((project) => project.teamIds.includes(team.id));
  return { ...teamView(team, viewer), projects: projects.map((project) => projectView(state, project, viewer)) };
}

export function projectView(state: EmulatorState, project: ProjectRow, viewer: MemberRow) {
  return {
    name: project.name,
    slug: project.slug,
    id: String(project.id),
    avatar: AVATAR,
    color: "",
    features: [],
    hasAccess: true,
    isBookmarked: false,
    isInternal: false,
    isMember: project.teamIds.some((id) => state.teams.get(id)?.memberIds.includes(viewer.id)),
    isPublic: false,
    scrubIPAddresses: true,
    dateCreated: project.created,
    platform: project.platform,
    firstEvent: project.firstEvent,
    eventThrottleRate: project.eventThrottleRate,
    ...project.later,
  };
}

export function projectWithTeamsView(world: World, state: EmulatorState, project: ProjectRow, viewer: MemberRow) {
  const teams = project.teamIds.map((id) => state.teams.get(id)).filter((team) => team !== undefined);
  return {
    ...projectView(state, project, viewer),
    teams: teams.map(({ id, slug }) => ({ id: world.has("numericIds") ? id : String(id), slug })),
  };
}

export function projectWithOrganizationView(
  world: World,
  state: EmulatorState,
  project: ProjectRow,
  organization: OrganizationRow,
  viewer: MemberRow,
) {
  return { ...projectView(state, project, viewer), organization: organizationView(world, organization) };
}
