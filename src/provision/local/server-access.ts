import { CodedError } from "../../base/errors.ts";
import type { Audience, Declaration } from "../../config/schema.ts";
import { serverKind } from "../../config/server.ts";
import { SERVER_PORT } from "../../glitchtip/versions.ts";
import { SERVER } from "../../stack/service-names.ts";

/** The URL at which this process reaches the server, and the one for each audience of a DSN. */
export interface ServerAccess {
  readonly url: string;
  readonly baseUrls: Readonly<Record<Audience, string>>;
}

/** Calls `published` only when neither the command line (`given`) nor the declaration has a URL. */
export async function serverAccess(
  declaration: Declaration,
  given: string | undefined,
  published: () => Promise<string>,
): Promise<ServerAccess> {
  const { server } = declaration;
  if (serverKind(declaration) === "existing") {
    const { url = given ?? "" } = server;
    return { url: given ?? url, baseUrls: { container: server.containerUrl ?? url, host: url, public: url } };
  }
  const url = given ?? server.url ?? (await published());
  const visible = server.url ?? url;
  return { url, baseUrls: { container: `http://${SERVER}:${SERVER_PORT}`, host: visible, public: visible } };
}

/** References to a token or a password, or the password that the stack has made. */
export type SignInChoice = { readonly token: string } | { readonly password: string } | { readonly made: true };

/**
 * Returns the token or the password with which this process signs in: the one of the command line
 * (`given`), else the one of the declaration. Throws GC1001 when there is none.
 */
export function chooseSignIn(declaration: Declaration, given: string | undefined): SignInChoice {
  const { server, admin } = declaration;
  const token = given ?? server.token;
  if (token !== undefined) return { token };
  if (admin?.password !== undefined) return { password: admin.password };
  if (serverKind(declaration) === "bundled") return { made: true };
  throw new CodedError("GC1001", `nothing says how to sign in to ${server.url}`, {
    remedy: "Type --token env:NAME or --token file:PATH, or state server.token in glitchtip.yaml.",
  });
}
