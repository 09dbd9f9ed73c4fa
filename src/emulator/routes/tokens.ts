import { randomBytes } from "node:crypto";
import { type Call, intParam, nowIso, userOf } from "../call.ts";
import { gone } from "../find.ts";
import { newestFirst, page, sorted } from "../paging.ts";
import { ApiError, json, noContent, type Reply } from "../reply.ts";
import type { Routes } from "../router.ts";
import type { State, Token } from "../state.ts";
import { maskedTokenView, tokenView } from "../views/accounts.ts";

export const SCOPES = [
  ...["project:read", "project:write", "project:admin", "project:releases", "team:read", "team:write", "team:admin"],
  ...["event:read", "event:write", "event:admin", "org:read", "org:write", "org:admin"],
  ...["member:read", "member:write", "member:admin"],
];

/** Only the cookie session may list, mint and delete (api-tokens). */
export const tokenRoutes: Routes = {
  "/api/0/api-tokens/": {
    GET: { auth: "session", handle: list },
    POST: {
      auth: "session",
      body: { label: { type: "string", optional: true }, scopes: { type: "list" } },
      handle: create,
    },
  },
  "/api/0/api-tokens/{int:token}/": { DELETE: { auth: "session", handle: remove } },
};

function list(call: Call): Reply {
  const own = call.state.tokens.where("user", userOf(call).id);
  return page(call, sorted(own, newestFirst), newestFirst, call.world.has("masksTokens") ? maskedTokenView : tokenView);
}

function create(call: Call): Reply {
  const { label = "", scopes } = call.payload;
  if (!Array.isArray(scopes) || scopes.some((scope) => !SCOPES.includes(scope))) {
    throw new ApiError(422, [{ scopes: "Invalid scope" }]);
  }
  return json(201, tokenView(mint(call.state, userOf(call).id, String(label), scopes, nowIso(call))));
}

/** Scopes come back in the server's order, whatever order they were sent in. */
export function mint(state: State, userId: number, label: string, scopes: readonly string[], created: string): Token {
  return state.tokens.insert({
    userId,
    label,
    scopes: SCOPES.filter((scope) => scopes.includes(scope)),
    token: randomBytes(32).toString("hex"),
    created,
  });
}

function remove(call: Call): Reply {
  const token = call.state.tokens.get(intParam(call, "token"));
  if (token?.userId !== userOf(call).id) throw gone();
  call.state.tokens.delete(token.id);
  return noContent();
}
