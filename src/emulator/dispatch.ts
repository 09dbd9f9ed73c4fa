import { csrfCookie, identify, newCsrfToken, refuseStrangers } from "./auth.ts";
import { readBody } from "./body.ts";
import type { Incoming, RouteCall } from "./call.ts";
import {
  ApiError,
  badRequestPage,
  bareJson,
  DatabaseError,
  frontPage,
  html,
  methodNotAllowed,
  notFound,
  notFoundPage,
  type Reply,
  serverErrorPage,
} from "./reply.ts";
import { type Endpoint, type Match, Router } from "./router.ts";
import { ROUTES } from "./routes/index.ts";
import type { EmulatorState, Store } from "./state.ts";
import type { World } from "./world.ts";

const ROUTER = new Router(ROUTES);

/** Paths that the web front end answers, wherever these words occur (keys: "get with something that is no id"). */
const FRONT_END =
  /^\/(auth|login|register|(.*)\/issues|(.*)\/settings|(.*)\/performance|(.*)\/projects|(.*)\/releases|organizations|profile|(.*)\/uptime-monitors|accept|reset-password|system-info)/;

const ENVELOPE = /^\/api\/[0-9]+\/envelope\/$/;

/** Routes one request and returns its answer; never throws. */
export async function dispatch(incoming: Incoming, world: World, store: Store): Promise<Reply> {
  try {
    return withCors(incoming, await route(incoming, world, store));
  } catch (error) {
    if (error instanceof ApiError) return error.reply;
    // Any other error looks like an unhandled exception of the real server.
    return afterCrash(incoming, world);
  }
}

function route(incoming: Incoming, world: World, store: Store): Reply | Promise<Reply> {
  const host = (incoming.headers.host ?? "").replace(/:\d+$/, "");
  if (!world.allowedHosts.some((allowed) => isAllowed(host, allowed))) return badRequestPage();
  if (incoming.method === "OPTIONS" && incoming.headers["access-control-request-method"]) return preflight();
  const match = ROUTER.match(incoming.path);
  if (!match) return unknownPath(incoming, world);
  const present = Object.entries(match.endpoints).filter(([, one]) => one?.presentIn?.(world) ?? true);
  if (present.length === 0) return unknownPath(incoming, world);
  const endpoint = match.endpoints[incoming.method];
  if (!endpoint || !present.some(([method]) => method === incoming.method)) {
    if (ENVELOPE.test(incoming.path)) return bareJson(405, { detail: "Method not allowed" });
    return methodNotAllowed(present.map(([method]) => method));
  }
  const early = endpoint.withoutDatabase?.(incoming, world);
  if (early) return early;
  refuseStrangers(incoming, world, endpoint.auth);
  const writes = incoming.method !== "GET" || incoming.cookies.sessionid !== undefined;
  return store.use(writes, (state) => answer(incoming, world, state, endpoint, match));
}

/** Compares a host with one of ALLOWED_HOSTS, as Django does. */
const isAllowed = (host: string, allowed: string): boolean =>
  allowed === "*" || host === allowed || (allowed.startsWith(".") && `.${host}`.endsWith(allowed));

/** Authenticates the request and calls its handler. What a handler wrote before an error stays, as without a transaction. */
function answer(incoming: Incoming, world: World, state: EmulatorState, endpoint: Endpoint, match: Match): Reply {
  try {
    const identity = identify(incoming, world, state, endpoint.auth);
    const payload = endpoint.body ? readBody(incoming, endpoint.body) : {};
    const { token } = identity ?? {};
    const { scopes } = endpoint;
    if (token && scopes && !scopes.some((scope) => token.scopes.includes(scope))) {
      throw new ApiError(403, "Permission denied");
    }
    const call: RouteCall = { ...incoming, world, state, params: match.params, payload, user: identity?.user, token };
    return endpoint.handle(call);
  } catch (error) {
    if (error instanceof ApiError) return error.reply;
    if (error instanceof DatabaseError) return afterCrash(incoming, world);
    throw error;
  }
}

/** The sign-in views set their cookie even when they crash (readiness-before-migrations: "auth config"). */
function afterCrash(incoming: Incoming, world: World): Reply {
  const crash = serverErrorPage();
  if (!incoming.path.startsWith("/_allauth/")) return crash;
  return { ...crash, headers: { ...crash.headers, "set-cookie": [csrfCookie(world, newCsrfToken())] } };
}

function unknownPath(incoming: Incoming, world: World): Reply {
  const { path, search } = incoming;
  if (world.has("jsonNotFound") && path.startsWith("/api/0/") && path.endsWith("/")) return notFound();
  if (FRONT_END.test(path)) return frontPage();
  if (!path.endsWith("/") && ROUTER.match(`${path}/`)) {
    return html(301, "", { location: `${world.basePath}${path}/${search === "" ? "" : `?${search}`}` });
  }
  return notFoundPage();
}

/** Headers that browsers may send from any origin: the framework's defaults and those of the SDKs (read). */
const ALLOWED_HEADERS =
  "accept, authorization, content-type, user-agent, x-csrftoken, x-requested-with, x-sentry-auth, baggage, sentry-trace";

const preflight = (): Reply => ({
  status: 200,
  headers: {
    "content-type": "text/html; charset=utf-8",
    "access-control-allow-origin": "*",
    "access-control-allow-headers": ALLOWED_HEADERS,
    "access-control-allow-methods": "DELETE, GET, OPTIONS, PATCH, POST, PUT",
    "access-control-max-age": "86400",
  },
  body: "",
});

function withCors(incoming: Incoming, reply: Reply): Reply {
  if (incoming.headers.origin === undefined) return reply;
  return { ...reply, headers: { ...reply.headers, "access-control-allow-origin": "*" } };
}
