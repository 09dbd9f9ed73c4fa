import { createHash } from "node:crypto";
import { parseReference, type SecretReference } from "../references/reference.ts";
import type { Declaration } from "./schema.ts";
import { ownServices } from "./server.ts";

/** Parses a reference whose form the schema has checked. */
export const parseStackReference = (reference: string): SecretReference =>
  parseReference(reference) ?? { kind: "file", path: reference };

/**
 * Returns the mark of a `vault:` reference, or undefined for any other. A container cannot ask Vault, so `up` hands the
 * secret to the setup service, which keeps it with this mark: a value of another reference is never used in its place.
 */
export function handedMark(reference: string): string | undefined {
  if (parseReference(reference)?.kind !== "vault") return undefined;
  return createHash("sha256").update(reference).digest("hex").slice(0, 8);
}

/** Returns references to the secret addresses that containers of the stack read, by their keys in the declaration. */
export function secretAddresses({ server, mail, notify = [] }: Declaration): Readonly<Record<string, string>> {
  const own = Object.entries(ownServices(server)).map(([key, { url }]) => [`server.${key}.url`, url] as const);
  const channels = notify.flatMap(({ url, secret }, i) => [
    [`notify.${i}.url`, url] as const,
    ...(secret === undefined ? [] : [[`notify.${i}.secret`, secret] as const]),
  ]);
  return Object.fromEntries([...own, ...(mail === undefined ? [] : [["mail.url", mail.url] as const]), ...channels]);
}

/** What a secret is for, which decides how strong it has to be. */
export type SecretUse = "admin password" | "database password" | "secret key" | "mail password";

/** Passwords can be guessed at the web page only; everything else can be guessed without anyone seeing it. */
const LEAST_STRENGTH: Readonly<Record<SecretUse, { readonly characters: number; readonly bits: number }>> = {
  "admin password": { characters: 10, bits: 32 },
  "database password": { characters: 16, bits: 48 },
  "secret key": { characters: 32, bits: 100 },
  // The mail server's operator chose it.
  "mail password": { characters: 1, bits: 0 },
};

/** Placeholders that a secret contains, or that are the whole secret. Compared without case, blanks and punctuation. */
const CONTAINS_PLACEHOLDER =
  /changeme|changethis|changeit|replaceme|replacethis|placeholder|yourpassword|yoursecret|secretkeyhere|passwordhere|djangoinsecure|mysecretpassword/;
const IS_PLACEHOLDER =
  /^(example|password|passwort|passwd|secret|secretkey|admin|administrator|root|test|testing|glitchtip|postgres|postgresql|default|letmein|qwerty|welcome|none|null|undefined|todo|xxx+)\d*$/;

/** Returns why a secret is too weak, without any part of it, or undefined for a good one. */
export function weakness(use: SecretUse, value: string): string | undefined {
  const plain = value.toLowerCase().replace(/[^a-z0-9]/g, "");
  if (CONTAINS_PLACEHOLDER.test(plain) || IS_PLACEHOLDER.test(plain)) return "is a placeholder, which everybody knows";
  const { characters, bits } = LEAST_STRENGTH[use];
  if ([...value].length < characters) return `is short: ${characters} characters are the least`;
  if (entropyBits(value) < bits) return "is easy to guess: it repeats itself or runs on";
  return undefined;
}

/** Estimates entropy by the frequency of characters. One that repeats the last or runs on from it (aaa, 123) adds nothing. */
function entropyBits(value: string): number {
  const informative = [...value].filter((char, i, all) => {
    const before = all[i - 1]?.codePointAt(0);
    return before === undefined || Math.abs((char.codePointAt(0) ?? 0) - before) > 1;
  });
  const counts = new Map<string, number>();
  for (const char of informative) counts.set(char, (counts.get(char) ?? 0) + 1);
  return [...counts.values()].reduce((bits, count) => bits - count * Math.log2(count / informative.length), 0);
}
