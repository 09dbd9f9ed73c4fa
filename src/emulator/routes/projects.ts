import { randomUUID } from "node:crypto";
import { defined } from "../../base/defined.ts";
import { laterFields } from "../body.ts";
import { endsHalfDone, nowIso, param, type RouteCall } from "../call.ts";
import { memberIn, membership, ownOrganizations, requireMembership, requireProject, requireTeam } from "../find.ts";
import { byName, page, sorted } from "../paging.ts";
import { DatabaseError, json, noContent, type Reply } from "../reply.ts";
import type { Endpoint, Routes } from "../router.ts";
import type { ProjectRow } from "../rows.ts";
import { projectSlug } from "../slugs.ts";
import { type EmulatorState, ofProject } from "../state.ts";
import { projectView, projectWithOrganizationView, projectWithTeamsView } from "../views.ts";
import { removeProject } from "../worker.ts";

const READ = ["project:read"];
const WRITE = ["project:write", "project:admin"];
const BODY: NonNullable<Endpoint["body"]> = {
  name: { type: "string", maxLength: 64 },
  slug: { type: "string", optional: true, nullable: true },
  platform: { type: "string", optional: true, nullable: true },
  eventThrottleRate: { type: "integer", optional: true, nullable: true },
};

export const projectRoutes: Routes = {
  "/api/0/projects/": { GET: { auth: "any", scopes: READ, handle: listOfAccount } },
  "/api/0/projects/{slug:organization}/{slug:project}/": {
    GET: { auth: "any", scopes: [...READ, ...WRITE], handle: get },
    PUT: { auth: "any", scopes: WRITE, body: BODY, handle: update },
    DELETE: { auth: "any", scopes: ["project:admin"], handle: remove },
  },
  "/api/0/teams/{slug:organization}/{slug:team}/projects/": {
    GET: { auth: "any", scopes: READ, handle: listOfTeam },
    POST: { auth: "any", scopes: WRITE, body: BODY, handle: create },
  },
  "/api/0/organizations/{slug:organization}/projects/": {
    GET: { auth: "any", scopes: READ, handle: listOfOrganization },
  },
};

/** Returns the projects of an organization sorted by name, without soft-deleted ones. */
function projectsOf(state: EmulatorState, organizationId: number): readonly ProjectRow[] {
  return state.projects.cached(`of ${organizationId}`, () =>
    sorted(
      state.projects.where("organization", organizationId).filter((project) => project.deletedAtMs === null),
      byName,
    ),
  );
}

function listOfAccount(call: RouteCall): Reply {
  const { state, world } = call;
  const organizations = ownOrganizations(call);
  const key = `of organizations ${organizations.map(({ id }) => id).join()}`;
  const rows = state.projects.cached(key, () =>
    sorted(
      organizations.flatMap(({ id }) => projectsOf(state, id)),
      byName,
    ),
  );
  return page(call, rows, byName, (project) => {
    const organization = state.organizations.get(project.organizationId);
    const viewer = memberIn(call, project.organizationId);
    return organization && viewer && projectWithOrganizationView(world, state, project, organization, viewer);
  });
}

function listOfOrganization(call: RouteCall): Reply {
  const found = membership(call);
  const rows = found ? projectsOf(call.state, found.organization.id) : [];
  return page(call, filtered(call, rows), byName, (project) =>
    found ? projectWithTeamsView(call.world, call.state, project, found.member) : undefined,
  );
}

/** Applies the filters `team:` and `!team:`; all others are ignored (pagination: "name filter"). */
function filtered(call: RouteCall, rows: readonly ProjectRow[]): readonly ProjectRow[] {
  let kept = rows;
  for (const part of (call.query.get("query") ?? "").split(/\s+/)) {
    const [, not, slug] = /^(!?)team:(.+)$/.exec(part) ?? [];
    if (slug === undefined) continue;
    const linked = (project: ProjectRow) => project.teamIds.some((id) => call.state.teams.get(id)?.slug === slug);
    kept = kept.filter((project) => linked(project) === (not === ""));
  }
  return kept;
}

function listOfTeam(call: RouteCall): Reply {
  const found = membership(call);
  const team = found && call.state.teams.first("slug", ofProject(found.organization.id, param(call, "team")));
  const rows = found && team ? projectsOf(call.state, found.organization.id) : [];
  const linked = rows.filter((project) => team !== undefined && project.teamIds.includes(team.id));
  return page(call, linked, byName, (project) => found && projectView(call.state, project, found.member));
}

function freeSlug(state: EmulatorState, organizationId: number, name: string, ownId?: number): string {
  return projectSlug(name, (slug) => {
    const taken = state.projects.first("slug", ofProject(organizationId, slug));
    return taken !== undefined && taken.id !== ownId;
  });
}

/** Ignores a slug in the body, numbers duplicate names and creates one unnamed key (projects, keys). */
function create(call: RouteCall): Reply {
  const { state } = call;
  const { organization, member } = requireMembership(call, "admin");
  const team = requireTeam(call, organization.id);
  const { name, platform, eventThrottleRate } = call.payload;
  const project = state.projects.insert({
    organizationId: organization.id,
    name: String(name),
    slug: freeSlug(state, organization.id, String(name)),
    platform: typeof platform === "string" ? platform : null,
    created: nowIso(call),
    firstEvent: null,
    eventThrottleRate: throttle(eventThrottleRate) ?? 0,
    teamIds: call.halfDone ? [] : [team.id],
    issueCount: 0,
    deletedAtMs: null,
    later: laterFields(call),
  });
  state.keys.insert({
    projectId: project.id,
    name: "",
    publicKey: randomUUID(),
    rateLimit: null,
    created: nowIso(call),
  });
  endsHalfDone(call);
  return json(201, projectView(state, project, member));
}

function throttle(value: unknown): number | undefined {
  if (value === undefined) return undefined;
  if (typeof value !== "number" || value < 0 || value > 32_767) throw new DatabaseError("out of range");
  return value;
}

function get(call: RouteCall): Reply {
  const { organization, member } = requireMembership(call);
  const project = requireProject(call, organization.id);
  return json(200, projectWithOrganizationView(call.world, call.state, project, organization, member));
}

/** Accepts any text as a slug; one that is taken answers 500 (projects: "update to a slug that is taken"). */
function update(call: RouteCall): Reply {
  const { state, world } = call;
  const { organization, member } = requireMembership(call);
  const project = requireProject(call, organization.id);
  const { name, slug: asked, platform, eventThrottleRate } = call.payload;
  let slug = typeof asked === "string" && asked !== "" ? asked : project.slug;
  if (world.has("renameChangesSlug") && slug === project.slug && typeof asked !== "string") {
    slug = freeSlug(state, organization.id, String(name), project.id);
  }
  const taken = state.projects.first("slug", ofProject(organization.id, slug));
  if (taken && taken.id !== project.id) throw new DatabaseError("the slug of a project is unique");
  const rate = throttle(eventThrottleRate);
  const changed = state.projects.update(project.id, {
    name: String(name),
    slug,
    later: laterFields(call),
    ...defined({
      platform: platform === undefined ? undefined : typeof platform === "string" ? platform : null,
      eventThrottleRate: rate,
    }),
  });
  return json(200, projectWithOrganizationView(world, state, changed, organization, member));
}

function remove(call: RouteCall): Reply {
  const { organization } = requireMembership(call, "admin");
  const project = requireProject(call, organization.id);
  if (call.world.has("deletesProjectsAtOnce")) removeProject(call.state, project.id);
  else call.state.projects.update(project.id, { deletedAtMs: call.world.now() });
  return noContent();
}
