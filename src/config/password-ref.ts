import { createHash } from "node:crypto";
import { parseReference, type SecretReference, type VaultReference } from "../references/reference.ts";

/** Where Compose, and with it a container, finds a secret. */
export type PasswordRef = Exclude<SecretReference, VaultReference>;

/**
 * From a reference whose form the schema has checked. A container cannot ask Vault: `init` and `up` leave a copy in the
 * secrets folder, under a name that changes with the reference.
 */
export function parsePasswordRef(reference: string): PasswordRef {
  const found = parseReference(reference);
  if (found === undefined) return { kind: "file", path: reference };
  return found.kind === "vault" ? { kind: "file", path: vaultCopyPath(found, reference) } : found;
}

/** The path of that copy; undefined for what is in no Vault. */
export function vaultCopyOf(reference: string): string | undefined {
  const found = parseReference(reference);
  return found?.kind === "vault" ? vaultCopyPath(found, reference) : undefined;
}

function vaultCopyPath({ path, field = "" }: VaultReference, reference: string): string {
  const words = `${path} ${field}`.replace(/[^A-Za-z0-9]+/g, "_").replace(/^_|_$/g, "");
  const mark = createHash("sha256").update(reference).digest("hex").slice(0, 8);
  return `.glitchtip/secrets/vault_${words.slice(-60)}_${mark}`;
}
