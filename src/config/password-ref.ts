/** Where a password comes from that is not ours to make. */
export type PasswordRef =
  | { readonly kind: "file"; readonly path: string }
  | { readonly kind: "env"; readonly name: string };

/** From `file:PATH` or `env:NAME`; the schema has checked the form. */
export function parsePasswordRef(reference: string): PasswordRef {
  const value = reference.slice(reference.indexOf(":") + 1);
  return reference.startsWith("env:") ? { kind: "env", name: value } : { kind: "file", path: value };
}
