import { randomBytes } from "node:crypto";
import { hashPassword, passwordComplaints, passwordMatches } from "../accounts.ts";
import { csrfCookie, csrfHolds, endedSessionCookie, newCsrfToken, sessionCookie, sessionOf } from "../auth.ts";
import { isObject } from "../body.ts";
import { nowIso, type RouteCall } from "../call.ts";
import { bareJson, csrfPage, html, type Reply } from "../reply.ts";
import type { Endpoint, Routes } from "../router.ts";
import type { SessionRow, SignInMethod, UserRow } from "../rows.ts";
import { countMarks, setMark } from "../state.ts";
import { registrationOpen } from "./web.ts";

/** allauth's headless browser flow (sign-in, sign-up, sign-up-closed). Each answer after the CSRF check sets its cookie. */
export const signInRoutes: Routes = {
  "/_allauth/browser/v1/config": { GET: open(config) },
  "/_allauth/browser/v1/auth/session": { GET: open(session), DELETE: guarded(signOut) },
  "/_allauth/browser/v1/auth/login": { POST: guarded(login) },
  "/_allauth/browser/v1/auth/signup": { POST: guarded(signUp) },
};

const FAILURES_PER_EMAIL = 5;
const FAILURES_PER_ADDRESS = 10;
const MINUTE_MS = 60_000;

function open(handle: (call: RouteCall) => Reply): Endpoint {
  return { auth: "none", handle };
}

function guarded(handle: (call: RouteCall) => Reply): Endpoint {
  return { auth: "none", handle: (call) => (csrfHolds(call, call.world) ? handle(call) : csrfPage()) };
}

function config(call: RouteCall): Reply {
  const open = registrationOpen(call.world, call.state);
  const methods = { authentication_method: "email" };
  const account = {
    is_open_for_signup: open,
    email_verification_by_code_enabled: false,
    login_by_code_enabled: false,
    ...methods,
    ...(call.world.has("oldConfig") ? {} : { login_methods: ["email"], password_reset_by_code_enabled: false }),
  };
  const mfa = { supported_types: ["totp", "webauthn", "recovery_codes"], passkey_login_enabled: true };
  return answer(call, 200, { data: { account, socialaccount: { providers: [] }, mfa } });
}

function session(call: RouteCall): Reply {
  const found = sessionOf(call, call.state);
  const user = found && call.state.users.get(found.userId);
  return user ? answer(call, 200, signedIn(user, found.methods)) : answer(call, 401, SIGNED_OUT);
}

function signOut(call: RouteCall): Reply {
  const found = sessionOf(call, call.state);
  if (found) call.state.sessions.delete(found.id);
  return answer(call, 401, SIGNED_OUT, found ? [endedSessionCookie()] : []);
}

function login(call: RouteCall): Reply {
  const given = credentials(call);
  if (!given) return malformed(call);
  const { state, world } = call;
  const now = world.now();
  const byEmail = `failed sign-in of ${given.email.toLowerCase()}`;
  const byAddress = "failed sign-in from this address";
  const limited =
    !world.has("noLoginLimit") &&
    (countMarks(state, byEmail, now) >= FAILURES_PER_EMAIL ||
      countMarks(state, byAddress, now) >= FAILURES_PER_ADDRESS);
  if (limited) {
    return complain(call, {
      message: "Too many failed login attempts. Try again later.",
      code: "too_many_login_attempts",
    });
  }
  const user = state.users.first("email", given.email.toLowerCase());
  if (!user || !passwordMatches(user.passwordHash, given.password)) {
    setMark(state, byEmail, now + 5 * MINUTE_MS);
    setMark(state, byAddress, now + MINUTE_MS);
    const message = "The email address and/or password you specified are not correct.";
    return complain(call, { message, code: "email_password_mismatch", param: "password" });
  }
  if (sessionOf(call, state)) return answer(call, 409);
  return enter(call, user, { method: "password", at: now / 1000, email: user.email });
}

function signUp(call: RouteCall): Reply {
  const given = credentials(call);
  if (!given) return malformed(call);
  const { state, world } = call;
  if (!registrationOpen(world, state)) return answer(call, 403);
  const email = given.email.toLowerCase();
  const complaints: object[] = [];
  if (!/^[^\s@]+@[^\s@.]+(\.[^\s@.]+)+$/.test(email)) {
    complaints.push({ message: "Enter a valid email address.", code: "invalid", param: "email" });
  } else if (state.users.first("email", email)) {
    const message = "A user is already registered with this email address.";
    complaints.push({ message, code: "email_taken", param: "email" });
  }
  complaints.push(...passwordComplaints(given.password));
  if (complaints.length > 0) return complain(call, ...complaints);
  if (sessionOf(call, state)) return answer(call, 409);
  const user = state.users.insert({
    email,
    passwordHash: hashPassword(given.password),
    isSuperuser: false,
    created: nowIso(call),
    lastLogin: null,
  });
  return enter(call, user, { method: "signup", at: world.now() / 1000 });
}

/** Returns a cookie with the visitor's CSRF token, or with a new one. */
const keptCsrfCookie = (call: RouteCall): string => csrfCookie(call.world, call.cookies.csrftoken || newCsrfToken());

/** Returns JSON that repeats the status, with the CSRF cookie. */
export const answer = (call: RouteCall, status: number, rest: object = {}, cookies: readonly string[] = []): Reply =>
  bareJson(status, { status, ...rest }, { "set-cookie": [keptCsrfCookie(call), ...cookies] });

const complain = (call: RouteCall, ...errors: readonly object[]): Reply => answer(call, 400, { errors });

const SIGNED_OUT = {
  data: { flows: [{ id: "login" }, { id: "mfa_login_webauthn" }] },
  meta: { is_authenticated: false },
};

const signedIn = (user: UserRow, methods: readonly SignInMethod[]) => ({
  data: {
    user: { id: user.id, display: user.email, email: user.email, has_usable_password: true },
    methods,
  },
  meta: { is_authenticated: true },
});

/** Returns `undefined` for a body that is not JSON. */
function credentials(call: RouteCall): { email: string; password: string } | undefined {
  try {
    const body: unknown = JSON.parse(call.body.toString("utf8"));
    const { email, password } = isObject(body) ? body : {};
    return { email: String(email ?? "").trim(), password: String(password ?? "") };
  } catch {
    return undefined;
  }
}

const malformed = (call: RouteCall): Reply => html(400, "", { "set-cookie": [keptCsrfCookie(call)] });

/** Opens a session and changes the CSRF token (sign-in: "token with the csrf value from before login"). */
function enter(call: RouteCall, user: UserRow, method: SignInMethod): Reply {
  const { state, world } = call;
  const opened: Omit<SessionRow, "id"> = { key: randomBytes(16).toString("hex"), userId: user.id, methods: [method] };
  state.sessions.insert(opened);
  state.users.update(user.id, { lastLogin: nowIso(call) });
  const cookies = [csrfCookie(world, newCsrfToken()), sessionCookie(world, opened.key)];
  return bareJson(200, { status: 200, ...signedIn(user, opened.methods) }, { "set-cookie": cookies });
}
