import type { IncomingHttpHeaders } from "node:http";
import type { Generation } from "./options.ts";
import type { QuirkName } from "./quirks.ts";
import { ApiError } from "./reply.ts";
import type { State, Token, User } from "./state.ts";

/** What does not change while the server runs. */
export interface World {
  readonly generation: Generation;
  /** As /api/settings/ says it. */
  readonly version: string;
  has(quirk: QuirkName): boolean;
  /** Milliseconds since the epoch. */
  now(): number;
  readonly registrationOpen: boolean;
  readonly organizationCreationOpen: boolean;
  /** GLITCHTIP_DOMAIN. */
  domain(): string;
  readonly allowedHosts: readonly string[];
  readonly processingDelayMs: number;
}

/** A request as it came, before anything was looked up. */
export interface Incoming {
  readonly method: string;
  readonly path: string;
  /** Without the question mark, as sent. */
  readonly search: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  readonly cookies: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** A request on its way through one endpoint. */
export interface Call extends Incoming {
  readonly world: World;
  readonly state: State;
  readonly params: Readonly<Record<string, string>>;
  /** The checked JSON body, for endpoints that declare one. */
  readonly payload: Readonly<Record<string, unknown>>;
  readonly user: User | undefined;
  readonly token: Token | undefined;
}

export function param(call: Call, name: string): string {
  const value = call.params[name];
  if (value === undefined) throw new Error(`the path has no ${name}`);
  return value;
}

export const intParam = (call: Call, name: string): number => Number(param(call, name));

export function userOf(call: Call): User {
  if (!call.user) throw new ApiError(401, "Unauthorized");
  return call.user;
}

export const nowIso = (call: Call): string => new Date(call.world.now()).toISOString();

/** Where the client believes the server to be: the base of links in headers. */
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
