import { randomInt } from "node:crypto";
import type { Incoming, World } from "./call.ts";

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
const YEAR_S = 31_449_600;
const TWO_WEEKS_S = 1_209_600;

export const randomText = (length: number, alphabet = ALPHABET): string =>
  Array.from({ length }, () => alphabet[randomInt(alphabet.length)]).join("");

export const newCsrfToken = (): string => randomText(32);

/**
 * Whether Django would let this write pass: the header equals the cookie, and it does not come from elsewhere.
 * Behind TLS a write has to say where it comes from; 6 trusts its own domain (read).
 */
export function csrfHolds(incoming: Incoming, world: World): boolean {
  if (["GET", "HEAD", "OPTIONS", "TRACE"].includes(incoming.method)) return true;
  const { origin, referer, host } = incoming.headers;
  const tls = incoming.headers["x-forwarded-proto"] === "https";
  const own = [`${tls ? "https" : "http"}://${host ?? ""}`, ...(world.has("secureBehindTls") ? [world.domain()] : [])];
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
