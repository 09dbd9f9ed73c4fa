import * as z from "zod/mini";
import { described, httpUrl, inJsonSchema, localReferenceSchema, text } from "./primitives.ts";

const mount = (usual: string) => described(z.optional(text(200)), `Where the method is mounted. Default: ${usual}.`);

/** Which Vault, or OpenBao, holds what `vault:` references name. */
export const vaultSchema = z
  .strictObject({
    url: described(z.optional(httpUrl), "Its address. Default: VAULT_ADDR."),
    namespace: described(z.optional(text(500)), "Default: VAULT_NAMESPACE."),
    ca: described(z.optional(text(4_096)), "Path of the authority's certificate (PEM). Default: VAULT_CACERT."),
    timeoutMs: described(
      z.optional(z.int().check(z.minimum(100), z.maximum(600_000))),
      "How long one request may take, in milliseconds. Default: 10000.",
    ),
    token: described(
      z.optional(localReferenceSchema),
      "file:PATH or env:NAME. Default: VAULT_TOKEN, or what `vault login` left.",
    ),
    appRole: described(
      z.optional(
        z.strictObject({
          roleId: described(localReferenceSchema, "file:PATH or env:NAME."),
          secretId: described(
            z.optional(localReferenceSchema),
            "file:PATH or env:NAME; left out where the role needs none.",
          ),
          mount: mount("approle"),
        }),
      ),
      "Sign-in of a program. Default: VAULT_ROLE_ID and VAULT_SECRET_ID, where they are set.",
    ),
    kubernetes: described(
      z.optional(
        z.strictObject({
          role: described(text(200), "The role's name in Vault."),
          jwt: described(
            z.optional(localReferenceSchema),
            "file:PATH or env:NAME. Default: the pod's service account.",
          ),
          mount: mount("kubernetes"),
        }),
      ),
      "Sign-in of a pod.",
    ),
  })
  .check(
    z.refine(({ token, appRole, kubernetes }) => [token, appRole, kubernetes].filter(Boolean).length <= 1, {
      error: "must have one way to sign in: token, appRole or kubernetes",
    }),
    inJsonSchema({
      not: {
        anyOf: [
          ["token", "appRole"],
          ["token", "kubernetes"],
          ["appRole", "kubernetes"],
        ].map((required) => ({ required })),
      },
    }),
  );
