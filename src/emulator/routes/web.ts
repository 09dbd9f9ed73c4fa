import { bearerOf, endedSessionCookie, sessionOf, tokenOf } from "../auth.ts";
import type { Incoming, RouteCall } from "../call.ts";
import { frontPage, json, type Reply } from "../reply.ts";
import type { Routes } from "../router.ts";
import type { EmulatorState } from "../state.ts";
import type { World } from "../world.ts";
import { tokenView } from "./tokens.ts";
import { userView } from "./users.ts";

/** The front page, health, settings and the API's root (readiness, readiness-before-migrations). */
export const webRoutes: Routes = {
  "/": { GET: { auth: "none", withoutDatabase: frontPage, handle: frontPage } },
  "/_health/": { GET: { auth: "none", withoutDatabase: health, handle: health } },
  "/api/0/": { GET: { auth: "none", withoutDatabase: strangersRoot, handle: apiRoot } },
  "/api/settings/": { GET: { auth: "none", handle: settings } },
};

function health(): Reply {
  return { status: 200, headers: { "content-type": "text/plain", "x-frame-options": "DENY" }, body: "ok" };
}

const EMPTY_ROOT = { version: "0", user: null, auth: null };

function strangersRoot(incoming: Incoming): Reply | undefined {
  const stranger = bearerOf(incoming) === undefined && !incoming.cookies.sessionid;
  return stranger ? json(200, EMPTY_ROOT) : undefined;
}

function apiRoot(call: RouteCall): Reply {
  const { state, world } = call;
  const session = sessionOf(call, state);
  const token = tokenOf(call, state);
  const ends = session !== undefined && world.has("apiRootEndsSession");
  if (session && ends) state.sessions.delete(session.id);
  const user = state.users.get(token?.userId ?? (ends ? 0 : (session?.userId ?? 0)));
  const body = { ...EMPTY_ROOT, user: user ? userView(world, user) : null, auth: token ? tokenView(token) : null };
  return json(200, body, ends ? { "set-cookie": [endedSessionCookie()] } : {});
}

/** The first account is accepted even while registration is closed (sign-up-closed). */
export function registrationOpen(world: World, state: EmulatorState): boolean {
  return world.registrationOpen || state.users.size === 0;
}

function settings(call: RouteCall): Reply {
  const { world, state } = call;
  const open = registrationOpen(world, state);
  return json(200, {
    socialApps: [],
    billingEnabled: false,
    iPaidForGlitchTip: false,
    enableUserRegistration: open,
    ...(world.has("socialRegistrationSetting") ? { enableSocialAppsUserRegistration: open } : {}),
    enableOrganizationCreation: world.organizationCreationOpen,
    stripePublicKey: null,
    plausibleUrl: null,
    plausibleDomain: null,
    chatwootWebsiteToken: null,
    sentryDSN: null,
    sentryTracesSampleRate: 0.01,
    environment: null,
    version: world.version,
    serverTimeZone: "UTC",
    ...(world.has("socialCallbacksSetting") ? { useNewSocialCallbacks: false } : { glitchtipInstanceName: null }),
  });
}
