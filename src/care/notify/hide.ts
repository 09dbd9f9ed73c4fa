import type { Secret } from "../../base/secret.ts";

/** Shorter ones would blacken words of the text. */
const SHORTEST = 6;

/** Replaces secrets, as written and as a URL writes them, and what is secret in an address: its password, path and query. */
export function hideSecrets(secrets: readonly Secret[]): (text: string) => string {
  const words = [...new Set(secrets.flatMap((secret) => partsOf(secret.reveal())))]
    .filter((word) => word.length >= SHORTEST)
    .sort((a, b) => b.length - a.length);
  return (text) => words.reduce((rest, word) => rest.replaceAll(word, "[secret]"), text);
}

function partsOf(value: string): string[] {
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
