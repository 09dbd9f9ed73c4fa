import { CodedError } from "../../base/errors.ts";
import type { Audience, Declaration } from "../../config/schema.ts";
import { serverKind } from "../../config/server.ts";
import { SERVER_PORT } from "../../glitchtip/versions.ts";
import { SECRETS_FOLDER } from "../../stack/managed-files.ts";
import { SERVER } from "../../stack/service-names.ts";

/** How this process reaches the server, and how those who get a DSN do. */
export interface Reach {
  readonly url: string;
  readonly baseUrls: Readonly<Record<Audience, string>>;
}

/** `published` is asked only where neither the command line nor the declaration tells. */
export async function reachOf(
  declaration: Declaration,
  given: string | undefined,
  published: () => Promise<string>,
): Promise<Reach> {
  const { server } = declaration;
  if (serverKind(declaration) === "existing") {
    const { url = given ?? "" } = server;
    return { url: given ?? url, baseUrls: { container: server.containerUrl ?? url, host: url, public: url } };
  }
  const url = given ?? server.url ?? (await published());
  const visible = server.url ?? url;
  return { url, baseUrls: { container: `http://${SERVER}:${SERVER_PORT}`, host: visible, public: visible } };
}

export type SignIn = { readonly token: string } | { readonly password: string };

/** References to what this process signs in with: the command line's, else the declaration's. */
export function signInOf(declaration: Declaration, given: string | undefined): SignIn {
  const { server, admin } = declaration;
  const token = given ?? server.token;
  if (token !== undefined) return { token };
  if (admin?.password !== undefined) return { password: admin.password };
  if (serverKind(declaration) === "bundled") return { password: `file:${SECRETS_FOLDER}/admin_password` };
  throw new CodedError("GC1001", `nothing says how to sign in to ${server.url}`, {
    remedy: "Type --token env:NAME or --token file:PATH, or state server.token in glitchtip.yaml.",
  });
}
