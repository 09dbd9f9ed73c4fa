import type { Secret } from "../../base/secret.ts";

/** Shorter secrets are not replaced: they would hit ordinary words. */
const SHORTEST = 6;

/**
 * Returns a function that replaces these secrets in a text, also in their URL encoding. Of an address it replaces the
 * password, the path and the query as well.
 */
export function hideSecrets(secrets: readonly Secret[]): (text: string) => string {
  const words = [...new Set(secrets.flatMap((secret) => secretParts(secret.reveal())))]
    .filter((word) => word.length >= SHORTEST)
    .sort((a, b) => b.length - a.length);
  return (text) => words.reduce((rest, word) => rest.replaceAll(word, "[secret]"), text);
}

function secretParts(value: string): string[] {
  if (!URL.canParse(value) || !value.includes("://")) return [value, encodeURIComponent(value)];
  const { password, pathname, search } = new URL(value);
  const inAddress = [
    password,
    pathname.slice(1),
    search.slice(1),
    ...pathname.split("/").filter((part) => part.length > 12),
  ];
  return [value, ...inAddress, ...inAddress.map(decoded)];
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
