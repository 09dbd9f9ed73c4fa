import { slugify } from "../../glitchtip/wire/slugify.ts";
import type { RouteCall } from "../call.ts";
import { ownOrganizations, requireMembership } from "../find.ts";
import { newestFirst, page, sorted } from "../paging.ts";
import { json, type Reply } from "../reply.ts";
import type { Routes } from "../router.ts";
import type { StatusPageRow } from "../rows.ts";
import { numberedSlug } from "../slugs.ts";

const SLUG_LENGTH = 200;

/** Status pages can be listed and created only (monitors: "status pages"). */
export const statusPageRoutes: Routes = {
  "/api/0/organizations/{slug:organization}/status-pages/": {
    GET: { auth: "any", handle: list },
    POST: {
      auth: "any",
      body: { name: { type: "string" }, isPublic: { type: "boolean", optional: true } },
      handle: create,
    },
  },
};

/** Returns the status pages of all organizations of the account; the organization of the path is ignored (read). */
function list(call: RouteCall): Reply {
  const rows = ownOrganizations(call).flatMap(({ id }) => call.state.statusPages.where("organization", id));
  return page(call, sorted(rows, newestFirst), newestFirst, statusPageView);
}

function create(call: RouteCall): Reply {
  const { organization } = requireMembership(call);
  const name = String(call.payload.name);
  const taken = new Set(call.state.statusPages.where("organization", organization.id).map(({ slug }) => slug));
  const made = call.state.statusPages.insert({
    organizationId: organization.id,
    name,
    slug: numberedSlug(slugify(name), SLUG_LENGTH, (slug) => taken.has(slug)),
    isPublic: call.payload.isPublic === true,
  });
  return json(201, statusPageView(made));
}

const statusPageView = (page: StatusPageRow) => ({
  isPublic: page.isPublic,
  name: page.name,
  monitors: [],
  slug: page.slug,
});
