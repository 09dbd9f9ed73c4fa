import { slugify } from "../glitchtip/wire/slugify.ts";
import { randomText } from "./auth.ts";

const PROJECT_SLUG_LENGTH = 50;
const ORGANIZATION_SLUG_LENGTH = 200;
const RESERVED_ORGANIZATIONS = new Set(
  "login register app profile organizations settings issues performance _health rest-auth api accept stripe admin status_page __debug__".split(
    " ",
  ),
);

/** Returns a project's slug: shop, shop-2, shop-3; an empty one starts at -2. It has at most 50 characters (projects). */
export function projectSlug(name: string, isTaken: (slug: string) => boolean): string {
  const plain = slugify(name);
  return numberedSlug(plain === "new" ? "new-1" : plain, PROJECT_SLUG_LENGTH, isTaken);
}

export function numberedSlug(plain: string, maxLength: number, isTaken: (slug: string) => boolean): string {
  const base = plain.slice(0, maxLength);
  if (base !== "" && !isTaken(base)) return base;
  for (let number = 2; ; number++) {
    const suffix = `-${number}`;
    const slug = `${base.slice(0, maxLength - suffix.length)}${suffix}`;
    if (!isTaken(slug)) return slug;
  }
}

/** Returns an organization's slug: acme, then acme-x7 with a random suffix; an empty one is the suffix alone (organizations). */
export function organizationSlug(name: string, isTaken: (slug: string) => boolean): string {
  const plain = slugify(name);
  const base = (RESERVED_ORGANIZATIONS.has(plain) ? `${plain}-1` : plain).slice(0, ORGANIZATION_SLUG_LENGTH);
  if (base !== "" && !isTaken(base)) return base;
  for (let length = 2; ; length++) {
    const suffix = `-${randomText(length, "abcdefghijklmnopqrstuvwxyz0123456789")}`;
    const slug = `${base.slice(0, ORGANIZATION_SLUG_LENGTH - suffix.length)}${suffix}`;
    if (!isTaken(slug)) return slug;
  }
}
