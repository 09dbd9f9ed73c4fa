import { CodedError } from "../base/errors.ts";
import { Secret } from "../base/secret.ts";
import { openClient } from "../glitchtip/client.ts";
import type { ProvisionContext } from "./context.ts";
import { SCOPES } from "./token.ts";

/** How it is remembered: a token tells its number only to the account's own session. */
const ID = "given";

/** A token as it stands in a file or a variable: it goes into a header, which takes no newline. */
export function tokenFrom(text: string, where: string): Secret {
  const token = text.trim();
  if (/^[\x21-\x7e]+$/.test(token)) return new Secret(token);
  throw new CodedError("GC1107", `${where}: ${token === "" ? "the API token is not there" : "this is no API token"}`, {
    remedy: "Put the token there, as GlitchTip showed it when it was made.",
  });
}

/** Looks at the server with the user's token. One that is new is asked what it may do, and so is one that is refused. */
export async function withGivenToken<T>(context: ProvisionContext, token: Secret, look: () => Promise<T>): Promise<T> {
  const { store } = context;
  if (store.token?.reveal() !== token.reveal()) {
    await checkScopes(context, token);
    store.setToken(ID, token);
  }
  try {
    return await look();
  } catch (error) {
    const refused = error instanceof CodedError && (error.code === "GC1304" || error.code === "GC1305");
    if (refused) await checkScopes(context, token);
    throw error;
  }
}

async function checkScopes(context: ProvisionContext, token: Secret): Promise<void> {
  const { baseUrl } = context.transport;
  const scopes = await openClient({ ...context, token }).tokenScopes();
  if (scopes === undefined) {
    throw new CodedError("GC1304", `${baseUrl} does not know the API token that it was given`, {
      remedy: `Make one there (Profile, Auth Tokens) with ${SCOPES.join(", ")}, and put it where server.token points.`,
    });
  }
  // Each by its name: not every call of GlitchTip's takes `admin` for `read`.
  const missing = SCOPES.filter((scope) => !scopes.includes(scope));
  if (missing.length === 0) return;
  throw new CodedError("GC1305", `${baseUrl}: the API token that was given lacks ${missing.join(", ")}`, {
    remedy: `Make another one there (Profile, Auth Tokens) with ${SCOPES.join(", ")}, and put it where server.token points.`,
  });
}
