import { sessionOf } from "../auth.ts";
import { type Call, nowIso } from "../call.ts";
import { csrfHolds, endedSessionCookie } from "../csrf.ts";
import { countMarks, setMark } from "../marks.ts";
import { hashPassword, passwordComplaints, passwordMatches } from "../passwords.ts";
import { csrfPage, type Reply } from "../reply.ts";
import type { Endpoint, Routes } from "../router.ts";
import { answer, complain, credentials, enter, malformed, SIGNED_OUT, signedIn } from "../sign-in-answers.ts";
import { registrationOpen } from "./web.ts";

/** The headless browser flow (sign-in, sign-up, sign-up-closed). Every answer that passes CSRF sets its cookie again. */
export const signInRoutes: Routes = {
  "/_allauth/browser/v1/config": { GET: open(config) },
  "/_allauth/browser/v1/auth/session": { GET: open(session), DELETE: guarded(signOut) },
  "/_allauth/browser/v1/auth/login": { POST: guarded(login) },
  "/_allauth/browser/v1/auth/signup": { POST: guarded(signUp) },
};

const FAILURES_PER_EMAIL = 5;
const FAILURES_PER_ADDRESS = 10;
const MINUTE_MS = 60_000;

function open(handle: (call: Call) => Reply): Endpoint {
  return { auth: "none", handle };
}

function guarded(handle: (call: Call) => Reply): Endpoint {
  return { auth: "none", handle: (call) => (csrfHolds(call, call.world) ? handle(call) : csrfPage()) };
}

function config(call: Call): Reply {
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

function session(call: Call): Reply {
  const found = sessionOf(call, call.state);
  const user = found && call.state.users.get(found.userId);
  return user ? answer(call, 200, signedIn(user, found.methods)) : answer(call, 401, SIGNED_OUT);
}

function signOut(call: Call): Reply {
  const found = sessionOf(call, call.state);
  if (found) call.state.sessions.delete(found.id);
  return answer(call, 401, SIGNED_OUT, found ? [endedSessionCookie()] : []);
}

function login(call: Call): Reply {
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

function signUp(call: Call): Reply {
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
