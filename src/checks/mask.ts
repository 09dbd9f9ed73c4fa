const MASK = "[masked]";

/** Shorter values would be found by chance, in words. */
const SHORTEST_SECRET = 6;

/** Credentials in an address, and whatever follows a word that announces a secret. */
const ANNOUNCED: readonly (readonly [RegExp, string])[] = [
  [/(\b[a-z][a-z+.-]*:\/\/)[^\s/@"']+@/gi, `$1${MASK}@`],
  [/\b(Bearer|Basic|Token)\s+[\w+/=.~-]{8,}/gi, `$1 ${MASK}`],
  [/((?:pass(?:word|wd)?|secret|token|api[-_]?key|sentry_key)["']?\s*[=:]\s*["']?)[^\s"',;&]+/gi, `$1${MASK}`],
  [/[\w.+-]+(@[\w-]+(?:\.[\w-]+)+)/g, `${MASK}$1`],
];

/** Keys, tokens, digests and their encodings: long, with letters and digits. */
const LONG_TOKEN = /(?<!sha256:|[\w+=-])(?=[\w+=-]*\d)(?=[\w+=-]*[A-Za-z])[\w+=-]{20,}/g;

/** Names and times: each part between dashes is a word or a number. */
const isName = (token: string): boolean =>
  !/[+=]/.test(token) && token.split(/[-_]/).every((part) => /^([A-Za-z]{0,16}|\d{1,14}Z?)$/.test(part));

/** Returns a function that masks these values, what looks like a secret, and the local parts of e-mail addresses. */
export function maskFor(secrets: readonly string[]): (text: string) => string {
  const values = secrets
    .flatMap((secret) => [secret, ...secret.split("\n"), ...passwordsIn(secret)])
    .map((secret) => secret.trim())
    .filter((secret) => secret.length >= SHORTEST_SECRET);
  const forms = values.flatMap((value) => [value, encodeURIComponent(value), JSON.stringify(value).slice(1, -1)]);
  // A secret that contains another one goes first.
  const known = [...new Set(forms)].sort((a, b) => b.length - a.length);
  return (text) => {
    const without = known.reduce((masked, value) => masked.replaceAll(value, MASK), text);
    const told = ANNOUNCED.reduce((masked, [pattern, replacement]) => masked.replace(pattern, replacement), without);
    return told.replace(LONG_TOKEN, (token) => (isName(token) ? token : MASK));
  };
}

/** Returns the password of an address, as it stands there and decoded. */
function passwordsIn(address: string): string[] {
  const [, password = ""] = /:\/\/[^:@/]*:([^@]+)@/.exec(address) ?? [];
  try {
    return [password, decodeURIComponent(password)];
  } catch {
    return [password];
  }
}

/** Returns the declaration with the hosts of its addresses alone: whoever knows a webhook's path can post there. */
export function withoutAddressPaths(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutAddressPaths);
  if (typeof value === "string") return value.replace(/^(https?:\/\/[^/?#]+)[/?#].+$/s, `$1/${MASK}`);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, withoutAddressPaths(one)]));
}
