import { join } from "node:path";
import { readIfThere, writeOne } from "../../base/files.ts";
import { Secret } from "../../base/secret.ts";
import { referencedPath } from "../../base/user-folders.ts";
import { SECRET_RECIPIENT_TYPES } from "../../glitchtip/wire/recipient-types.ts";
import { slugify } from "../../glitchtip/wire/slugify.ts";
import { openPrivateFolder, privateFolder, referenceToFile } from "../../outputs/private-folder.ts";
import { environmentVariable } from "../import/terraform/resources.ts";

export type SecretsInto = "file" | "env";

/** A secret that was read from the server, and its reference in the declaration. */
export interface PulledSecret {
  readonly reference: string;
  /** What the secret belongs to, for people. */
  readonly of: string;
}

export interface SecretKeeper {
  /** Returns the text itself where it does not look like a secret, otherwise a new reference to it. */
  address(type: string, url: string, words: readonly string[]): string;
  reference(value: string, words: readonly string[]): string;
  /** Returns the secret of a reference that this pull created. */
  made(reference: string): Secret | undefined;
  /** Returns the references that are in the declaration's text. */
  needed(text: string): PulledSecret[];
  /** Writes the secrets to their files. The user sets the environment variables. */
  write(text: string): void;
}

/** Keeps each secret in a file of this user's outside of the workspace, or names an environment variable. */
export function openKeeper(dir: string, instance: string, into: SecretsInto): SecretKeeper {
  const made = new Map<string, { readonly value: string; readonly of: string }>();
  const pathOf = (reference: string) => referencedPath(dir, reference.slice("file:".length));
  const isFree = (reference: string, value: string): boolean => {
    const known = made.get(reference)?.value;
    if (known !== undefined) return known === value;
    if (into === "env") return true;
    const there = readIfThere(pathOf(reference));
    return there === undefined || there === value;
  };
  const folder = join(privateFolder(dir), "secrets");
  const inText = (text: string) => [...made].filter(([one]) => text.includes(one));
  const reference: SecretKeeper["reference"] = (value, words) => {
    for (let n = 1; ; n++) {
      const all = [instance, ...words, ...(n === 1 ? [] : [String(n)])];
      const name = into === "env" ? environmentVariable(...all) : all.map(slugify).filter(Boolean).join("-");
      const found = into === "env" ? `env:${name}` : referenceToFile(join(folder, name));
      if (!isFree(found, value)) continue;
      made.set(found, { value, of: words.join(" ") });
      return found;
    }
  };
  return {
    reference,
    address: (type, url, words) => (url === "" || isHarmless(type, url) ? url : reference(url, words)),
    made: (text) => {
      const found = made.get(text);
      return found && new Secret(found.value);
    },
    needed: (text) => inText(text).map(([one, { of }]) => ({ reference: one, of })),
    write(text) {
      if (into === "env" || inText(text).length === 0) return;
      openPrivateFolder(dir, "secrets");
      for (const [one, { value }] of inText(text)) writeOne(pathOf(one), value, 0o600);
    },
  };
}

const SECRET_HOSTS = /(?:^|\.)(?:hooks\.slack\.com|webhook\.office\.com|discord(?:app)?\.com|chat\.googleapis\.com)$/i;
const SECRET_NAMES = /token|key|secret|password|passwd|pwd|sig|auth|hook|code/i;

/** Tells whether a URL holds no secret. In doubt it returns false. */
export function isHarmless(type: string, url: string): boolean {
  if (SECRET_RECIPIENT_TYPES.has(type)) return false;
  if (!URL.canParse(url)) return /^[\w.-]+:\d+$/.test(url);
  const { hostname, pathname, searchParams, username, password, hash } = new URL(url);
  if (username || password || hash || SECRET_HOSTS.test(hostname)) return false;
  for (const [name, value] of searchParams) if (SECRET_NAMES.test(name) || isTokenLike(value)) return false;
  return !pathname.split("/").some((part) => isTokenLike(decodeURIComponent(part)));
}

/** Tells whether a text looks like a token: a UUID, digits among letters, or longer than any word. */
const isTokenLike = (text: string): boolean => {
  if (/^[0-9a-f]{8}-[0-9a-f]{4}-/i.test(text)) return true;
  return text.split(/[-_.]/).some((part) => {
    if (part.length >= 24) return true;
    return part.length >= 8 && /\d/.test(part) && /[a-z]/i.test(part.replace(/^v\d+/, ""));
  });
};
