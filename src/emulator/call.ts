import type { IncomingHttpHeaders } from "node:http";
import { ApiError, DatabaseError } from "./reply.ts";
import type { TokenRow, UserRow } from "./rows.ts";
import type { EmulatorState } from "./state.ts";
import type { World } from "./world.ts";

/** A request as it arrived, before it is matched with a route or an account. */
export interface Incoming {
  readonly method: string;
  readonly path: string;
  /** The query as it was sent, without the question mark. */
  readonly search: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  readonly cookies: Readonly<Record<string, string>>;
  readonly body: Buffer;
  /** True where a fault ends the request after its first write. */
  readonly halfDone?: boolean;
}

/** A request as the handler of an endpoint receives it. */
export interface RouteCall extends Incoming {
  readonly world: World;
  readonly state: EmulatorState;
  readonly params: Readonly<Record<string, string>>;
  /** The checked JSON body; empty for endpoints that declare none. */
  readonly payload: Readonly<Record<string, unknown>>;
  readonly user: UserRow | undefined;
  readonly token: TokenRow | undefined;
}

export function param(call: RouteCall, name: string): string {
  const value = call.params[name];
  if (value === undefined) throw new Error(`the path has no ${name}`);
  return value;
}

export const intParam = (call: RouteCall, name: string): number => Number(param(call, name));

export function userOf(call: RouteCall): UserRow {
  if (!call.user) throw new ApiError(401, "Unauthorized");
  return call.user;
}

/** Throws where a fault ends the request here. */
export function endsHalfDone({ halfDone }: RouteCall): void {
  if (halfDone) throw new DatabaseError("the connection to the database was lost");
}

export const nowIso = (call: RouteCall): string => new Date(call.world.now()).toISOString();

/** Returns the origin that the client used. The server builds the links in headers from it. */
export function originOf(incoming: Incoming): string {
  return `http://${incoming.headers.host ?? "localhost"}`;
}

export function parseCookies(header: string | undefined): Record<string, string> {
  const cookies: Record<string, string> = {};
  for (const part of (header ?? "").split(";")) {
    const at = part.indexOf("=");
    if (at > 0) cookies[part.slice(0, at).trim()] = part.slice(at + 1).trim();
  }
  return cookies;
}
