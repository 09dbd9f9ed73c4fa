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

/** A part of a path, neither empty nor dotted: a URL parser would change such a path. */
const VAULT_PART = "(?!\\s*\\.{0,2}\\s*(?:[/#?]|$))[^/#?\\n\\r\\u2028\\u2029]+";

const VAULT = `(?<path>${VAULT_PART}(?:/${VAULT_PART})+)(?:#(?<field>[^#?\\n\\r\\u2028\\u2029]+))?(?:\\?version=(?<version>[1-9]\\d{0,8}))?`;

/** Matches what `parseReference` reads; the JSON Schema of the declaration has it, too. */
export const REFERENCE = new RegExp(`^(?:file:(?<file>.+)|env:(?<env>[^=\\s\\0]+)|vault:${VAULT})$`);

/** Returns undefined for a text of another form. It may be the secret itself, so messages must not show it. */
export function parseReference(text: string): SecretReference | undefined {
  const { file, env, path, field, version } = REFERENCE.exec(text)?.groups ?? {};
  if (file !== undefined) return { kind: "file", path: file };
  if (env !== undefined) return { kind: "env", name: env };
  if (path === undefined) return undefined;
  return {
    kind: "vault",
    path,
    ...defined({ field, version: version === undefined ? undefined : Number(version) }),
  };
}
