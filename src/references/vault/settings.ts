import { resolve } from "node:path";
import { defined } from "../../base/defined.ts";
import { CodedError } from "../../base/errors.ts";
import { readIfThere } from "../../base/files.ts";
import type { Secret } from "../../base/secret.ts";
import { parseReference, type SecretReference, type VaultReference } from "../reference.ts";

/** The declaration's `vault`. Tokens, ids and keys are references to files and variables. */
export interface VaultDeclaration {
  readonly url?: string | undefined;
  readonly namespace?: string | undefined;
  /** The path of a PEM file. */
  readonly ca?: string | undefined;
  readonly timeoutMs?: number | undefined;
  readonly token?: string | undefined;
  readonly appRole?:
    | { readonly roleId: string; readonly secretId?: string | undefined; readonly mount?: string | undefined }
    | undefined;
  readonly kubernetes?:
    | { readonly role: string; readonly jwt?: string | undefined; readonly mount?: string | undefined }
    | undefined;
}

/** A way to sign in. Its secrets are read again at each sign-in, because Kubernetes replaces its token meanwhile. */
export type Login =
  | { readonly kind: "token"; token(): Secret }
  | { readonly kind: "role"; readonly path: string; readonly role?: string; body(): Readonly<Record<string, string>> };

export interface VaultSettings {
  readonly url: string;
  readonly namespace: string | undefined;
  readonly ca: string | undefined;
  readonly timeoutMs: number;
  readonly login: Login;
}

export type ReadLocal = (reference: Exclude<SecretReference, VaultReference>, key: string) => Secret;

interface Surroundings {
  readonly dir: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly vault?: VaultDeclaration | undefined;
}

const SERVICE_ACCOUNT = "file:/var/run/secrets/kubernetes.io/serviceaccount/token";
const TIMEOUT_MS = 10_000;

/** Returns the settings from the declaration, else from the variables that Vault's own programs read. */
export function vaultSettings({ dir, env, vault = {} }: Surroundings, read: ReadLocal): VaultSettings {
  const url = vault.url ?? env.VAULT_ADDR;
  if (!url || !/^https?:\/\/[^/\s@?#]+(\/[^\s?#]*)?$/.test(url) || !URL.canParse(url)) {
    const what = url
      ? `${vault.url ? "vault.url" : "VAULT_ADDR"} is no http(s) address, or it has a user or a query`
      : "its address is not known";
    throw new CodedError("GC1701", `a secret is in Vault, but ${what}`, {
      remedy: "Set VAULT_ADDR or vault.url in the declaration, such as https://vault.example.com:8200.",
    });
  }
  return {
    url: url.replace(/\/+$/, ""),
    namespace: vault.namespace ?? (env.VAULT_NAMESPACE || undefined),
    ca: authority(dir, vault.ca, env.VAULT_CACERT),
    timeoutMs: vault.timeoutMs ?? TIMEOUT_MS,
    login: loginOf({ dir, env, vault }, read),
  };
}

function authority(dir: string, declared: string | undefined, variable: string | undefined): string | undefined {
  const path = declared ?? variable;
  if (!path) return undefined;
  const text = readIfThere(resolve(dir, path));
  if (text?.includes("-----BEGIN CERTIFICATE-----")) return text;
  throw new CodedError("GC1701", `${declared ? "vault.ca" : "VAULT_CACERT"}: ${path} holds no certificate`, {
    remedy: "Give the path of a PEM file with the certificate authority of your Vault.",
  });
}

/** Returns the first way to sign in that applies. Throws GC1702 with what each way lacks where none does. */
function loginOf({ env, vault = {} }: Surroundings, read: ReadLocal): Login {
  const secret = (reference: string, key: string): Secret => {
    const parsed = parseReference(reference);
    if (parsed !== undefined && parsed.kind !== "vault") return read(parsed, key);
    throw new CodedError("GC1702", `${key} has to be in a file or a variable: it opens the Vault`, {
      remedy: `Write ${key} as file:PATH or env:NAME.`,
    });
  };
  const { token, appRole, kubernetes } = vault;
  if (token !== undefined) return { kind: "token", token: () => secret(token, "vault.token") };
  if (appRole !== undefined) {
    const { roleId, secretId, mount = "approle" } = appRole;
    return role(mount, () => ({
      role_id: secret(roleId, "vault.appRole.roleId").reveal(),
      ...defined({
        secret_id: secretId === undefined ? undefined : secret(secretId, "vault.appRole.secretId").reveal(),
      }),
    }));
  }
  if (kubernetes !== undefined) {
    const { role: name, jwt = SERVICE_ACCOUNT, mount = "kubernetes" } = kubernetes;
    const signIn = role(mount, () => ({ role: name, jwt: secret(jwt, "vault.kubernetes.jwt").reveal() }));
    return { ...signIn, role: name };
  }
  if (env.VAULT_TOKEN) return { kind: "token", token: () => secret("env:VAULT_TOKEN", "VAULT_TOKEN") };
  if (env.VAULT_ROLE_ID) {
    return role("approle", () => ({
      role_id: secret("env:VAULT_ROLE_ID", "VAULT_ROLE_ID").reveal(),
      ...defined({ secret_id: env.VAULT_SECRET_ID || undefined }),
    }));
  }
  // `vault login` stores its token here.
  const left = env.HOME ? `${env.HOME}/.vault-token` : undefined;
  if (left !== undefined && readIfThere(left)) return { kind: "token", token: () => secret(`file:${left}`, left) };
  throw new CodedError("GC1702", "a secret is in Vault, but there is no way to sign in", {
    problems: [
      "the declaration has no vault.token, vault.appRole or vault.kubernetes",
      "the variables VAULT_TOKEN and VAULT_ROLE_ID (with VAULT_SECRET_ID) are not set",
      `${left ?? "$HOME/.vault-token"}, where \`vault login\` leaves its token, is not there`,
    ],
    remedy: "Set VAULT_TOKEN, or declare one of the ways: docs/secrets.md",
  });
}

const role = (mount: string, body: () => Readonly<Record<string, string>>): Extract<Login, { kind: "role" }> => ({
  kind: "role",
  path: `auth/${mount.replace(/^auth\/|\/+$/g, "")}/login`,
  body,
});
