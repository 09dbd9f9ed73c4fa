/** What a secret is for, which decides how much has to be guessed before somebody has it. */
export type SecretUse = "admin password" | "database password" | "secret key" | "mail password";

/** An attacker guesses a password at the web page, and everything else without anyone seeing it. */
const LEAST: Readonly<Record<SecretUse, { readonly characters: number; readonly bits: number }>> = {
  "admin password": { characters: 10, bits: 32 },
  "database password": { characters: 16, bits: 48 },
  "secret key": { characters: 32, bits: 100 },
  // Made by the mail server's operator.
  "mail password": { characters: 1, bits: 0 },
};

/** Texts that stand where a secret should: anywhere in it, or alone. Compared without case, blanks and punctuation. */
const ANYWHERE =
  /changeme|changethis|changeit|replaceme|replacethis|placeholder|yourpassword|yoursecret|secretkeyhere|passwordhere|djangoinsecure|mysecretpassword/;
const ALONE =
  /^(example|password|passwort|passwd|secret|secretkey|admin|administrator|root|test|testing|glitchtip|postgres|postgresql|default|letmein|qwerty|welcome|none|null|undefined|todo|xxx+)\d*$/;

/** Why a secret is none, without a word of it; undefined for a good one. */
export function weakness(use: SecretUse, value: string): string | undefined {
  const plain = value.toLowerCase().replace(/[^a-z0-9]/g, "");
  if (ANYWHERE.test(plain) || ALONE.test(plain)) return "is a placeholder, which everybody knows";
  const { characters, bits } = LEAST[use];
  if ([...value].length < characters) return `is short: ${characters} characters are the least`;
  if (entropyBits(value) < bits) return "is easy to guess: it repeats itself or runs on";
  return undefined;
}

/** By how often each character comes; one that repeats the last or runs on from it (aaa, 123) tells nothing new. */
function entropyBits(value: string): number {
  const told = [...value].filter((char, i, all) => {
    const before = all[i - 1]?.codePointAt(0);
    return before === undefined || Math.abs((char.codePointAt(0) ?? 0) - before) > 1;
  });
  const counts = new Map<string, number>();
  for (const char of told) counts.set(char, (counts.get(char) ?? 0) + 1);
  return [...counts.values()].reduce((bits, count) => bits - count * Math.log2(count / told.length), 0);
}
