import { randomBytes } from "node:crypto";
import { intParam, nowIso, type RouteCall, userOf } from "../call.ts";
import { gone } from "../find.ts";
import { newestFirst, page, sorted } from "../paging.ts";
import { ApiError, json, noContent, type Reply } from "../reply.ts";
import type { Routes } from "../router.ts";
import type { TokenRow } from "../rows.ts";
import type { EmulatorState } from "../state.ts";

export const TOKEN_SCOPES = [
  ...["project:read", "project:write", "project:admin", "project:releases", "team:read", "team:write", "team:admin"],
  ...["event:read", "event:write", "event:admin", "org:read", "org:write", "org:admin"],
  ...["member:read", "member:write", "member:admin"],
];

/** Only the cookie session may list, create and delete tokens (api-tokens). */
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

function list(call: RouteCall): Reply {
  const own = call.state.tokens.where("user", userOf(call).id);
  return page(call, sorted(own, newestFirst), newestFirst, call.world.has("masksTokens") ? maskedTokenView : tokenView);
}

function create(call: RouteCall): Reply {
  const { label = "", scopes } = call.payload;
  if (!Array.isArray(scopes) || scopes.some((scope) => !TOKEN_SCOPES.includes(scope))) {
    throw new ApiError(422, [{ scopes: "Invalid scope" }]);
  }
  return json(201, tokenView(mint(call.state, userOf(call).id, String(label), scopes, nowIso(call))));
}

/** Creates a token. Its scopes have the server's order, not that of the request. */
export function mint(
  state: EmulatorState,
  userId: number,
  label: string,
  scopes: readonly string[],
  created: string,
): TokenRow {
  return state.tokens.insert({
    userId,
    label,
    scopes: TOKEN_SCOPES.filter((scope) => scopes.includes(scope)),
    token: randomBytes(32).toString("hex"),
    created,
  });
}

function remove(call: RouteCall): Reply {
  const token = call.state.tokens.get(intParam(call, "token"));
  if (token?.userId !== userOf(call).id) throw gone();
  call.state.tokens.delete(token.id);
  return noContent();
}

export const tokenView = ({ id, label, scopes, token, created }: TokenRow) => ({ id, label, scopes, token, created });
const maskedTokenView = (token: TokenRow) => ({ ...tokenView(token), token: `${token.token.slice(0, 4)}…` });
