/** Where a secret stands, as the declaration says it. */
export type SecretReference =
  | { readonly kind: "file"; readonly path: string }
  | { readonly kind: "env"; readonly name: string }
  | VaultReference;

export interface VaultReference {
  readonly kind: "vault";
  /** With the mount in front; the server tells where the mount ends. */
  readonly path: string;
  /** Left out: the secret's only one. */
  readonly field?: string;
  /** Left out: the latest. KV v2 only. */
  readonly version?: number;
}

export const REFERENCE_FORMS = "file:PATH, env:NAME or vault:MOUNT/PATH#FIELD";

const VAULT = /^(?<path>[^#?]+)(?:#(?<field>[^#?]+))?(?:\?version=(?<version>[1-9]\d{0,8}))?$/;

/** Undefined for what is none of the forms: perhaps the secret itself, so it is not to be shown. */
export function parseReference(text: string): SecretReference | undefined {
  const kind = /^(file|env|vault):./.exec(text)?.[1];
  if (kind === undefined) return undefined;
  const rest = text.slice(kind.length + 1);
  if (kind === "file") return { kind, path: rest };
  if (kind === "env") return /[=\s\0]/.test(rest) ? undefined : { kind, name: rest };
  const { path = "", field, version } = VAULT.exec(rest)?.groups ?? {};
  // An empty or dotted part would be another path by the time it reaches the server.
  if (!path.includes("/") || path.split("/").some((part) => /^\.{0,2}$/.test(part.trim()))) return undefined;
  return {
    kind: "vault",
    path,
    ...(field === undefined ? {} : { field }),
    ...(version === undefined ? {} : { version: Number(version) }),
  };
}
