import type { World } from "../call.ts";
import type { Key, Member, Organization, Project, Role, State, Team } from "../state.ts";

const AVATAR = { avatarType: "", avatarUuid: null };
const READ = "event:read event:write event:admin project:releases project:read org:read member:read team:read";
const ADMIN = `${READ} project:write project:admin team:write team:admin org:integrations`;
const MANAGER = `${ADMIN} member:write member:admin org:write`;
const ACCESS: Readonly<Record<Role, string>> = {
  member: READ,
  admin: ADMIN,
  manager: MANAGER,
  owner: `${MANAGER} org:admin`,
};

export function organizationView(world: World, row: Organization) {
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
  };
}

/** Unpaged and with soft-deleted projects (docs/glitchtip-facts.md, "Organizations"). */
export function organizationDetailView(world: World, state: State, row: Organization, viewer: Member) {
  const projects = state.projects.where("organization", row.id);
  return {
    ...organizationView(world, row),
    projects: projects.map((project) => projectWithTeamsView(world, state, project, viewer)),
    teams: state.teams.where("organization", row.id).map((team) => teamView(team, viewer)),
    ...(world.has("numericIds") ? {} : { access: ACCESS[viewer.role].split(" ") }),
    openMembership: true,
  };
}

export function teamView(team: Team, viewer: Member) {
  return {
    id: String(team.id),
    slug: team.slug,
    dateCreated: team.created,
    isMember: team.memberIds.includes(viewer.id),
    memberCount: team.memberIds.length,
  };
}

/** With its projects, soft-deleted ones too. */
export function teamDetailView(state: State, team: Team, viewer: Member) {
  const projects = state.projects
    .where("organization", team.organizationId)
    .filter((project) => project.teamIds.includes(team.id));
  return { ...teamView(team, viewer), projects: projects.map((project) => projectView(state, project, viewer)) };
}

export function projectView(state: State, project: Project, viewer: Member) {
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
  };
}

export function projectWithTeamsView(world: World, state: State, project: Project, viewer: Member) {
  const teams = project.teamIds.map((id) => state.teams.get(id)).filter((team) => team !== undefined);
  return {
    ...projectView(state, project, viewer),
    teams: teams.map(({ id, slug }) => ({ id: world.has("numericIds") ? id : String(id), slug })),
  };
}

export function projectWithOrganizationView(
  world: World,
  state: State,
  project: Project,
  organization: Organization,
  viewer: Member,
) {
  return { ...projectView(state, project, viewer), organization: organizationView(world, organization) };
}

/** The DSN's host is GLITCHTIP_DOMAIN's; without a scheme there it comes out empty. */
export function keyView(world: World, key: Key) {
  const hex = key.publicKey.replaceAll("-", "");
  const url = /^https?:\/\/[^/]/.test(world.domain()) ? new URL(world.domain()) : undefined;
  const at = url && `${url.host}${url.pathname.replace(/\/$/, "")}`;
  const dsn = url ? `${url.protocol}//${hex}@${at}/${key.projectId}` : "";
  return {
    name: key.name,
    rateLimit: key.rateLimit,
    dateCreated: key.created,
    id: key.publicKey,
    dsn: {
      public: dsn,
      secret: dsn,
      security: url ? `${url.protocol}//${at}/api/${key.projectId}/security/?glitchtip_key=${hex}` : "",
    },
    label: key.name,
    public: key.publicKey,
    projectID: key.projectId,
  };
}
