import { type RouteCall, userOf } from "../call.ts";
import { newestFirst, page } from "../paging.ts";
import { json, type Reply } from "../reply.ts";
import type { Routes } from "../router.ts";
import type { UserRow } from "../rows.ts";
import type { World } from "../world.ts";

/** The list contains the calling account only (members: "users"). */
export const userRoutes: Routes = {
  "/api/0/users/": { GET: { auth: "any", handle: list } },
  "/api/0/users/{slug:user}/": { GET: { auth: "any", handle: get } },
};

function list(call: RouteCall): Reply {
  return page(call, [userOf(call)], newestFirst, (user) => userView(call.world, user));
}

function get(call: RouteCall): Reply {
  return json(200, ownUserView(call.world, userOf(call)));
}

const NO_OPTIONS = {
  timezone: null,
  stacktraceOrder: null,
  language: null,
  clock24Hours: null,
  preferredTheme: null,
};

export function userView(world: World, user: UserRow) {
  return {
    id: String(user.id),
    options: world.has("emptyOptions") ? {} : NO_OPTIONS,
    username: user.email,
    dateJoined: user.created,
    email: user.email,
    hasPasswordAuth: true,
    identities: [],
    lastLogin: user.lastLogin,
    isSuperuser: user.isSuperuser,
    isActive: true,
    name: "",
  };
}

const ownUserView = (world: World, user: UserRow) => ({
  ...userView(world, user),
  chatwootIdentifierHash: null,
});
