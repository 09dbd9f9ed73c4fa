import { readFileSync, statSync } from "node:fs";
import { createRemoteJWKSet, errors, type JWTPayload, type JWTVerifyGetKey, jwtVerify, SignJWT } from "jose";
import { CodedError, type ErrorCode } from "../base/errors.ts";
import type { Secret } from "../base/secret.ts";
import { matchesGlob } from "./glob.ts";

export const TOKEN_SCOPE_NAMES = ["plan", "apply"] as const;
export type TokenScope = (typeof TOKEN_SCOPE_NAMES)[number];

/** Who sent a request, and what the token allows. */
export interface Caller {
  readonly subject: string;
  readonly scopes: ReadonlySet<string>;
  /** Globs of server names. */
  readonly servers: readonly string[];
}

export interface AuthSettings {
  readonly issuer: string;
  readonly audience: string;
  /** The key of HS256. */
  readonly secret?: Secret;
  /** The address of an issuer's public keys. The secret then checks no token. */
  readonly jwks?: string;
  /** A file with a line `sub:NAME` or `jti:ID` for each token that is refused. */
  readonly revoked?: string;
}

export interface Auth {
  /** Throws GC2001 unless the header has a valid bearer token. */
  identify(authorization: string | undefined): Promise<Caller>;
}

const LEAST_SECRET_BYTES = 32;
const CLOCK_TOLERANCE_SECONDS = 30;
const HMAC = ["HS256"];
const PUBLIC_KEY = ["RS256", "PS256", "ES256", "EdDSA"];

/** Opens the check of tokens. Throws GC1001 without a secret and without keys, since there is no default. */
export function openAuth({ issuer, audience, secret, jwks, revoked }: AuthSettings, now: () => number): Auth {
  if (secret === undefined && jwks === undefined) {
    throw new CodedError("GC1001", "no token can be checked without --secret or --jwks", {
      remedy: "Name the secret of the tokens (--secret file:PATH), or the keys of an issuer (--jwks URL).",
    });
  }
  const key = jwks === undefined && secret !== undefined ? signingKey(secret) : remoteKeys(jwks ?? "");
  const isRevoked = openRevoked(revoked);
  return {
    async identify(authorization) {
      const [, token] = /^Bearer +([\w-]+\.[\w-]+\.[\w-]*)$/i.exec(authorization?.trim() ?? "") ?? [];
      if (token === undefined) throw refused("the request has no bearer token");
      const payload = await verified(token, key, {
        algorithms: jwks === undefined ? HMAC : PUBLIC_KEY,
        issuer,
        audience,
        requiredClaims: ["exp", "sub", "iss", "aud"],
        clockTolerance: CLOCK_TOLERANCE_SECONDS,
        currentDate: new Date(now()),
      });
      const { sub: subject } = payload;
      if (typeof subject !== "string" || subject === "") throw refused('Invalid token: the claim "sub" names nobody');
      if (isRevoked(`sub:${subject}`) || (payload.jti !== undefined && isRevoked(`jti:${payload.jti}`))) {
        throw refused("Token has been revoked");
      }
      return { subject, scopes: new Set(wordsOf(payload.scope)), servers: wordsOf(payload.servers) };
    },
  };
}

type Verify = Parameters<typeof jwtVerify>[2];

async function verified(token: string, key: Uint8Array | JWTVerifyGetKey, options: Verify): Promise<JWTPayload> {
  try {
    const { payload } =
      typeof key === "function" ? await jwtVerify(token, key, options) : await jwtVerify(token, key, options);
    return payload;
  } catch (cause) {
    if (cause instanceof CodedError) throw cause;
    throw refused(`Invalid token: ${whyInvalid(cause)}`, cause);
  }
}

function whyInvalid(cause: unknown): string {
  if (cause instanceof errors.JWTExpired) {
    const at = Number(cause.payload.exp) * 1_000;
    return `it expired at ${new Date(at).toISOString()}; if that time is still to come, the clock of this machine is wrong`;
  }
  if (cause instanceof errors.JOSEError) return cause.message;
  return "it cannot be checked";
}

const refused = (message: string, cause?: unknown): CodedError =>
  new CodedError("GC2001", message, { remedy: "Make one: npx glitchtip-compose serve token --subject NAME", cause });

/** Reads a claim that is a list, or words in one text. */
function wordsOf(claim: unknown): string[] {
  if (typeof claim === "string") return claim.split(" ").filter(Boolean);
  return Array.isArray(claim) ? claim.filter((word) => typeof word === "string") : [];
}

function remoteKeys(jwks: string): JWTVerifyGetKey {
  if (!URL.canParse(jwks)) throw new CodedError("GC1001", `--jwks ${jwks} is no URL`);
  const keys = createRemoteJWKSet(new URL(jwks));
  return async (header, token) => {
    try {
      return await keys(header, token);
    } catch (cause) {
      // Only if the keys were read is the token at fault.
      if (ABOUT_THE_TOKEN.some((one) => cause instanceof one)) throw cause;
      throw new CodedError("GC2009", `the keys of the tokens cannot be read from ${jwks}`, {
        remedy: "Start the issuer of the tokens, or correct --jwks; then send the request again.",
        cause,
      });
    }
  };
}

const ABOUT_THE_TOKEN = [errors.JWKSNoMatchingKey, errors.JWKSMultipleMatchingKeys, errors.JOSENotSupported];

function signingKey(secret: Secret): Uint8Array {
  const key = new TextEncoder().encode(secret.reveal());
  if (key.length >= LEAST_SECRET_BYTES) return key;
  throw new CodedError(
    "GC1001",
    `the secret of the tokens has ${key.length} bytes; HS256 needs at least ${LEAST_SECRET_BYTES}`,
    {
      remedy: "Make one: openssl rand -base64 32",
    },
  );
}

/** Reads the file anew whenever it changes. Without the file every token is refused with GC2009. */
function openRevoked(path: string | undefined): (what: string) => boolean {
  if (path === undefined) return () => false;
  let last: { readonly version: string; readonly lines: ReadonlySet<string> } | undefined;
  const read = () => {
    const stat = statSync(path);
    const version = `${stat.ino} ${stat.mtimeMs} ${stat.size}`;
    if (last?.version === version) return last.lines;
    const lines = readFileSync(path, "utf8").split("\n");
    last = { version, lines: new Set(lines.map((line) => line.trim()).filter((line) => !line.startsWith("#"))) };
    return last.lines;
  };
  const unreadable = (code: ErrorCode, cause: unknown) =>
    new CodedError(code, `the file of revoked tokens cannot be read: ${path}`, {
      remedy: "Create it, or correct --revoked; it may be empty.",
      cause,
    });
  try {
    read();
  } catch (cause) {
    throw unreadable("GC1001", cause);
  }
  return (what) => {
    try {
      return read().has(what);
    } catch (cause) {
      throw unreadable("GC2009", cause);
    }
  };
}

export function requireScope({ scopes }: Caller, scope: TokenScope): void {
  if (scopes.has(scope)) return;
  throw new CodedError("GC2002", `the token lacks the scope "${scope}"`, {
    remedy: `Make one with it: npx glitchtip-compose serve token --scope ${scope}`,
  });
}

export const maySee = ({ servers }: Caller, name: string): boolean => servers.some((glob) => matchesGlob(name, glob));

/** Throws GC2002 with every server that the token does not name. */
export function requireServers(caller: Caller, names: readonly string[]): void {
  const others = names.filter((name) => !maySee(caller, name));
  if (others.length === 0) return;
  throw new CodedError("GC2002", `the token does not allow the servers ${others.join(", ")}`, {
    remedy: "Make one that names them: npx glitchtip-compose serve token --server GLOB",
  });
}

export interface NewToken {
  readonly subject: string;
  readonly id: string;
  readonly scopes: readonly string[];
  readonly servers: readonly string[];
  readonly days: number;
  readonly issuer: string;
  readonly audience: string;
}

const DAY_MS = 86_400_000;

/** Returns a signed token. */
export async function signToken(secret: Secret, token: NewToken, nowMs: number): Promise<string> {
  const { subject, id, scopes, servers, days, issuer, audience } = token;
  return await new SignJWT({ scope: scopes.join(" "), servers: [...servers] })
    .setProtectedHeader({ alg: "HS256", typ: "JWT" })
    .setSubject(subject)
    .setJti(id)
    .setIssuer(issuer)
    .setAudience(audience)
    .setIssuedAt(new Date(nowMs))
    .setExpirationTime(new Date(nowMs + days * DAY_MS))
    .sign(signingKey(secret));
}
