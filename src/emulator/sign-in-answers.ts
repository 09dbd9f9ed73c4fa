import { randomBytes } from "node:crypto";
import { isObject } from "./body.ts";
import { type Call, nowIso } from "./call.ts";
import { csrfCookie, newCsrfToken, sessionCookie } from "./csrf.ts";
import { bareJson, html, type Reply } from "./reply.ts";
import type { Session, SignInMethod, User } from "./state.ts";

/** Keeps the visitor's CSRF token, or gives a first one. */
const keptCsrfCookie = (call: Call): string => csrfCookie(call.world, call.cookies.csrftoken || newCsrfToken());

/** JSON with its own status in it, and the CSRF cookie. */
export const answer = (call: Call, status: number, rest: object = {}, cookies: readonly string[] = []): Reply =>
  bareJson(status, { status, ...rest }, { "set-cookie": [keptCsrfCookie(call), ...cookies] });

export const complain = (call: Call, ...errors: readonly object[]): Reply => answer(call, 400, { errors });

export const SIGNED_OUT = {
  data: { flows: [{ id: "login" }, { id: "mfa_login_webauthn" }] },
  meta: { is_authenticated: false },
};

export const signedIn = (user: User, methods: readonly SignInMethod[]) => ({
  data: {
    user: { id: user.id, display: user.email, email: user.email, has_usable_password: true },
    methods,
  },
  meta: { is_authenticated: true },
});

/** `undefined` for a body that is no JSON. */
export function credentials(call: Call): { email: string; password: string } | undefined {
  try {
    const body: unknown = JSON.parse(call.body.toString("utf8"));
    const { email, password } = isObject(body) ? body : {};
    return { email: String(email ?? "").trim(), password: String(password ?? "") };
  } catch {
    return undefined;
  }
}

export const malformed = (call: Call): Reply => html(400, "", { "set-cookie": [keptCsrfCookie(call)] });

/** Opens a session; the CSRF token changes with it (sign-in: "token with the csrf value from before login"). */
export function enter(call: Call, user: User, method: SignInMethod): Reply {
  const { state, world } = call;
  const opened: Omit<Session, "id"> = { key: randomBytes(16).toString("hex"), userId: user.id, methods: [method] };
  state.sessions.insert(opened);
  state.users.update(user.id, { lastLogin: nowIso(call) });
  const cookies = [csrfCookie(world, newCsrfToken()), sessionCookie(world, opened.key)];
  return bareJson(200, { status: 200, ...signedIn(user, opened.methods) }, { "set-cookie": cookies });
}
