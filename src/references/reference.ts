import { defined } from "../base/defined.ts";
/** A declared place of a secret. */
export type SecretReference =
  | { readonly kind: "file"; readonly path: string }
  | { readonly kind: "env"; readonly name: string }
  | VaultReference;

export interface VaultReference {
  readonly kind: "vault";
  /** Starts with the mount; the server knows where the mount ends. */
  readonly path: string;
  /** Without it the secret must have a single field. */
  readonly field?: string;
  /** Without it the latest version is read. KV v2 only. */
  readonly version?: number;
}

export const REFERENCE_FORMS = "file:PATH, env:NAME or vault:MOUNT/PATH#FIELD";

const VAULT = /^(?<path>[^#?]+)(?:#(?<field>[^#?]+))?(?:\?version=(?<version>[1-9]\d{0,8}))?$/;

/** Returns undefined for a text of another form. It may be the secret itself, so messages must not show it. */
export function parseReference(text: string): SecretReference | undefined {
  const kind = /^(file|env|vault):./.exec(text)?.[1];
  if (kind === undefined) return undefined;
  const rest = text.slice(kind.length + 1);
  if (kind === "file") return { kind, path: rest };
  if (kind === "env") return /[=\s\0]/.test(rest) ? undefined : { kind, name: rest };
  const { path = "", field, version } = VAULT.exec(rest)?.groups ?? {};
  // A URL parser would change a path with empty or dotted parts.
  if (!path.includes("/") || path.split("/").some((part) => /^\.{0,2}$/.test(part.trim()))) return undefined;
  return {
    kind: "vault",
    path,
    ...defined({ field, version: version === undefined ? undefined : Number(version) }),
  };
}
