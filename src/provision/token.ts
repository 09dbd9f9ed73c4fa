import { CodedError } from "../base/errors.ts";
import { Secret } from "../base/secret.ts";
import { openClient } from "../glitchtip/client.ts";
import { createOnce } from "../glitchtip/retry.ts";
import { type Session, signIn } from "../glitchtip/session.ts";
import type { Token } from "../glitchtip/wire/shapes.ts";
import type { ProvisionContext } from "./context.ts";

/** The scopes that provisioning needs: it creates, links, reads events back, and deletes the issue of its proof. */
export const PROVISION_SCOPES: readonly string[] = [
  "org:read",
  "org:write",
  "team:read",
  "team:write",
  "project:read",
  "project:write",
  // Linking a team needs project:admin; project:write is refused (project-teams scenario).
  "project:admin",
  "event:read",
  "event:write",
];

/**
 * Signs in and returns our token: the one in the list if it is shown in full, else a new one. Deletes our other tokens,
 * so that there is never a second one.
 */
export async function obtainToken(
  context: Omit<ProvisionContext, "readyWithinMs" | "proofWithinMs" | "token">,
  account: { email: string; label: string },
  scopes: readonly string[] = PROVISION_SCOPES,
): Promise<Secret> {
  const { store, log } = context;
  const { label } = account;
  const session = await signInOnce(context, account.email);
  const take = async () => {
    const ours = (await session.tokens()).filter((token) => token.label === label);
    const usable = ours.find((token) => isWhole(token, scopes));
    for (const stale of ours) if (stale !== usable) await session.deleteToken(stale.id);
    return usable && { id: usable.id, token: new Secret(usable.token) };
  };
  const found = await take();
  const { id, token } = found ?? (await createOnce(context, () => session.mintToken(label, scopes), take));
  store.setToken(id, token);
  log.info(`${found ? "found" : "created"} API token ${id} (${label})`);
  return token;
}

/** Signs in. Stores a refused password, and does not try it again (GC1302). */
export async function signInOnce(
  context: Pick<ProvisionContext, "transport" | "clock" | "signal" | "password"> & {
    readonly store: Pick<ProvisionContext["store"], "wasRefused" | "refusePassword">;
  },
  email: string,
): Promise<Session> {
  const { store } = context;
  const password = context.password();
  if (store.wasRefused(email, password)) {
    throw new CodedError("GC1302", `the password of ${email} was refused before and has not changed since`, {
      remedy:
        "Store the right one where admin.password points. If the stack created it: npx glitchtip-compose secrets rotate admin-password. A password that was refused is not tried again until it changes.",
    });
  }
  return await signIn({ ...context, email, password }).catch((error: unknown) => {
    if (error instanceof CodedError && error.code === "GC1301") store.refusePassword(email, password);
    throw error;
  });
}

/** 6.x shows the last characters only (docs/glitchtip-facts.md, "API tokens"). */
const isWhole = ({ token, scopes }: Token, wanted: readonly string[]): boolean =>
  /^[0-9a-f]{64}$/.test(token) && wanted.every((scope) => scopes.includes(scope));

/** The id under which a given token is stored: GlitchTip shows the real one only to a session of its account. */
const GIVEN_TOKEN_ID = "given";

/** Reads a token from a file or a variable, without the newline at its end. Throws GC1107 with `where`. */
export function tokenFrom(text: string, where: string): Secret {
  const token = text.trim();
  if (/^[\x21-\x7e]+$/.test(token)) return new Secret(token);
  throw new CodedError("GC1107", `${where}: ${token === "" ? "the API token is not there" : "this is no API token"}`, {
    remedy: "Store the token there, as GlitchTip showed it when it was created.",
  });
}

/**
 * Looks at the server with the user's token. Checks the scopes of a token that is new, and of one that is refused, so
 * that the error names what it lacks (GC1304, GC1305).
 */
export async function withGivenToken<T>(context: ProvisionContext, token: Secret, look: () => Promise<T>): Promise<T> {
  const { store } = context;
  if (store.token?.reveal() !== token.reveal()) {
    await checkScopes(context, token);
    store.setToken(GIVEN_TOKEN_ID, token);
  }
  try {
    return await look();
  } catch (error) {
    if (isTokenRefused(error)) await checkScopes(context, token);
    throw error;
  }
}

async function checkScopes(context: ProvisionContext, token: Secret): Promise<void> {
  const { baseUrl } = context.transport;
  const scopes = await openClient({ ...context, token }).tokenScopes();
  if (scopes === undefined) {
    throw new CodedError("GC1304", `${baseUrl} does not know the API token that it was given`, {
      remedy: `Create one there (Profile, Auth Tokens) with ${PROVISION_SCOPES.join(", ")}, and store it where server.token points.`,
    });
  }
  // Each scope is checked by its name: not every call of GlitchTip accepts `admin` for `read`.
  const missing = PROVISION_SCOPES.filter((scope) => !scopes.includes(scope));
  if (missing.length === 0) return;
  throw new CodedError("GC1305", `${baseUrl}: the API token that was given lacks ${missing.join(", ")}`, {
    remedy: `Create another one there (Profile, Auth Tokens) with ${PROVISION_SCOPES.join(", ")}, and store it where server.token points.`,
  });
}

/** Whether the server refuses the token: 401, or 403 for one with fewer scopes, as earlier versions created. */
export const isTokenRefused = (error: unknown): boolean =>
  error instanceof CodedError && (error.code === "GC1304" || error.code === "GC1305");
