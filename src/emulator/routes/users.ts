import { type Call, userOf } from "../call.ts";
import { newestFirst, page } from "../paging.ts";
import { json, type Reply } from "../reply.ts";
import type { Routes } from "../router.ts";
import { ownUserView, userView } from "../views/accounts.ts";

/** The list holds only the account itself (members: "users"). */
export const userRoutes: Routes = {
  "/api/0/users/": { GET: { auth: "any", handle: list } },
  "/api/0/users/{slug:user}/": { GET: { auth: "any", handle: get } },
};

function list(call: Call): Reply {
  return page(call, [userOf(call)], newestFirst, (user) => userView(call.world, user));
}

function get(call: Call): Reply {
  return json(200, ownUserView(call.world, userOf(call)));
}
