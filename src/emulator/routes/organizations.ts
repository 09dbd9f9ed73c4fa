import { laterFields } from "../body.ts";
import { nowIso, type RouteCall, userOf } from "../call.ts";
import { ownOrganizations, requireMembership, requireRole } from "../find.ts";
import { byName, page, sorted } from "../paging.ts";
import { ApiError, json, noContent, type Reply } from "../reply.ts";
import type { Endpoint, Routes } from "../router.ts";
import { organizationSlug } from "../slugs.ts";
import { organizationDetailView, organizationView } from "../views.ts";
import { removeOrganization } from "../worker.ts";

const READ = ["org:read", "org:write", "org:admin"];
const WRITE = ["org:write", "org:admin"];
const BODY: NonNullable<Endpoint["body"]> = { name: { type: "string" } };

export const organizationRoutes: Routes = {
  "/api/0/organizations/": {
    POST: { auth: "any", scopes: WRITE, body: BODY, handle: create },
    GET: { auth: "any", scopes: READ, handle: list },
  },
  "/api/0/organizations/{slug:organization}/": {
    GET: { auth: "any", scopes: READ, handle: get },
    PUT: { auth: "any", scopes: WRITE, body: BODY, handle: rename },
    DELETE: { auth: "any", scopes: ["org:admin"], handle: remove },
  },
};

function list(call: RouteCall): Reply {
  return page(call, sorted(ownOrganizations(call), byName), byName, (row) => organizationView(call.world, row));
}

/** A duplicate name is not an error: the slug gets a random suffix (organizations: "create the same name"). */
function create(call: RouteCall): Reply {
  const { state, world } = call;
  const user = userOf(call);
  const open = world.organizationCreationOpen || state.organizations.size === 0 || user.isSuperuser;
  if (!open) throw new ApiError(403, "Organization creation is not open");
  const name = String(call.payload.name);
  const slug = organizationSlug(name, (taken) => state.organizations.first("slug", taken) !== undefined);
  const made = state.organizations.insert({
    name,
    slug,
    created: nowIso(call),
    eventThrottleRate: 0,
    ownerMemberId: null,
    deletedAtMs: null,
    later: laterFields(call),
  });
  const owner = state.members.insert({
    organizationId: made.id,
    userId: user.id,
    email: null,
    role: "owner",
    created: nowIso(call),
  });
  const organization = state.organizations.update(made.id, { ownerMemberId: owner.id });
  return json(201, organizationDetailView(world, state, organization, owner));
}

function get(call: RouteCall): Reply {
  const { organization, member } = requireMembership(call);
  return json(200, organizationDetailView(call.world, call.state, organization, member));
}

/** Keeps the slug (organizations: "rename keeps the slug"). */
function rename(call: RouteCall): Reply {
  const found = requireMembership(call);
  requireRole(found, "manager");
  const change = { name: String(call.payload.name), later: laterFields(call) };
  const organization = call.state.organizations.update(found.organization.id, change);
  return json(200, organizationDetailView(call.world, call.state, organization, found.member));
}

function remove(call: RouteCall): Reply {
  const found = requireMembership(call);
  requireRole(found, "manager");
  if (call.world.has("softDeletesOrganizations")) {
    call.state.organizations.update(found.organization.id, { deletedAtMs: call.world.now() });
  } else {
    removeOrganization(call.state, found.organization.id);
  }
  return noContent();
}
