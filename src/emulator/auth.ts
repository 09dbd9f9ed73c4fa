import type { Incoming, World } from "./call.ts";
import { csrfHolds } from "./csrf.ts";
import { ApiError } from "./reply.ts";
import type { Session, State, Token, User } from "./state.ts";

/** "any" = a token, else the session; "session" = only the cookie session (api-tokens: "create with a bearer token is refused"). */
export type AuthMode = "none" | "any" | "session";

export interface Identity {
  readonly user: User;
  readonly token: Token | undefined;
}

export function bearerOf(incoming: Incoming): string | undefined {
  const [scheme, ...rest] = (incoming.headers.authorization ?? "").split(" ");
  return scheme?.toLowerCase() === "bearer" && rest.length > 0 ? rest.join(" ") : undefined;
}

export function tokenOf(incoming: Incoming, state: State): Token | undefined {
  const bearer = bearerOf(incoming);
  return bearer === undefined ? undefined : state.tokens.first("token", bearer);
}

export function sessionOf(incoming: Incoming, state: State): Session | undefined {
  const key = incoming.cookies.sessionid;
  return key ? state.sessions.first("key", key) : undefined;
}

/** What can be refused before any table is read (readiness-before-migrations: "organizations without a token"). */
export function refuseStrangers(incoming: Incoming, world: World, mode: AuthMode): void {
  if (mode === "none" || (mode === "any" && bearerOf(incoming) !== undefined)) return;
  if (!csrfHolds(incoming, world)) throw new ApiError(403, "CSRF check Failed");
  if (!incoming.cookies.sessionid) throw new ApiError(401, "Unauthorized");
}

/** A bad token falls through to the session, whose CSRF check answers first on a write. */
export function identify(incoming: Incoming, world: World, state: State, mode: AuthMode): Identity | undefined {
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
