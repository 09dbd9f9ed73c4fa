import { randomInt } from "node:crypto";
import type { Incoming } from "./call.ts";
import { ApiError } from "./reply.ts";
import type { SessionRow, TokenRow, UserRow } from "./rows.ts";
import type { EmulatorState } from "./state.ts";
import type { World } from "./world.ts";

/**
 * Which credentials an endpoint accepts: "any" is a token or else the session, "session" is the cookie session alone
 * (api-tokens: "create with a bearer token is refused").
 */
export type AuthMode = "none" | "any" | "session";

interface Caller {
  readonly user: UserRow;
  readonly token: TokenRow | undefined;
}

export function bearerOf(incoming: Incoming): string | undefined {
  const [scheme, ...rest] = (incoming.headers.authorization ?? "").split(" ");
  return scheme?.toLowerCase() === "bearer" && rest.length > 0 ? rest.join(" ") : undefined;
}

export function tokenOf(incoming: Incoming, state: EmulatorState): TokenRow | undefined {
  const bearer = bearerOf(incoming);
  return bearer === undefined ? undefined : state.tokens.first("token", bearer);
}

export function sessionOf(incoming: Incoming, state: EmulatorState): SessionRow | undefined {
  const key = incoming.cookies.sessionid;
  return key ? state.sessions.first("key", key) : undefined;
}

/** Refuses what needs no table to be refused (readiness-before-migrations: "organizations without a token"). */
export function refuseStrangers(incoming: Incoming, world: World, mode: AuthMode): void {
  if (mode === "none" || (mode === "any" && bearerOf(incoming) !== undefined)) return;
  if (!csrfHolds(incoming, world)) throw new ApiError(403, "CSRF check Failed");
  if (!incoming.cookies.sessionid) throw new ApiError(401, "Unauthorized");
}

/** Returns who calls. A bad token falls through to the session, whose CSRF check answers first on a write. */
export function identify(incoming: Incoming, world: World, state: EmulatorState, mode: AuthMode): Caller | undefined {
  if (mode === "none") return undefined;
  if (mode === "any") {
    const token = tokenOf(incoming, state);
    const user = token && state.users.get(token.userId);
    if (user) return { user, token };
  }
  if (!csrfHolds(incoming, world)) throw new ApiError(403, "CSRF check Failed");
  const session = sessionOf(incoming, state);
  const user = session && state.users.get(session.userId);
  if (!user) throw new ApiError(401, "Unauthorized");
  return { user, token: undefined };
}

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
const YEAR_S = 31_449_600;
const TWO_WEEKS_S = 1_209_600;

export const randomText = (length: number, alphabet = ALPHABET): string =>
  Array.from({ length }, () => alphabet[randomInt(alphabet.length)]).join("");

export const newCsrfToken = (): string => randomText(32);

/**
 * Returns whether Django accepts this write: the header equals the cookie, and the origin is the server's own or a trusted
 * one (docs/glitchtip-facts.md, "The image"). Behind TLS a write needs an Origin or a Referer; 6 trusts its own domain (read).
 */
export function csrfHolds(incoming: Incoming, world: World): boolean {
  if (["GET", "HEAD", "OPTIONS", "TRACE"].includes(incoming.method)) return true;
  const { origin, referer, host } = incoming.headers;
  const tls = incoming.headers["x-forwarded-proto"] === "https";
  const own = [`${tls ? "https" : "http"}://${host ?? ""}`, ...world.trustedOrigins()];
  if (origin !== undefined) {
    if (!own.includes(origin)) return false;
  } else if (tls && !own.some((one) => referer?.startsWith(`${one}/`))) {
    return false;
  }
  const cookie = incoming.cookies.csrftoken;
  return cookie !== undefined && cookie !== "" && cookie === incoming.headers["x-csrftoken"];
}

const secure = (world: World): string =>
  world.has("secureBehindTls") && world.domain().startsWith("https:") ? "; Secure" : "";

const inSeconds = (world: World, seconds: number): string => new Date(world.now() + seconds * 1000).toUTCString();

export function csrfCookie(world: World, token: string): string {
  return `csrftoken=${token}; expires=${inSeconds(world, YEAR_S)}; Max-Age=${YEAR_S}; Path=/; SameSite=Lax${secure(world)}`;
}

export function sessionCookie(world: World, key: string): string {
  return `sessionid=${key}; expires=${inSeconds(world, TWO_WEEKS_S)}; HttpOnly; Max-Age=${TWO_WEEKS_S}; Path=/; SameSite=Lax${secure(world)}`;
}

export const endedSessionCookie = (): string =>
  'sessionid=""; expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0; Path=/; SameSite=Lax';
