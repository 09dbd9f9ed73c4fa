import { type Identity, sameObject } from "../glitchtip/identity.ts";
import { slugify } from "../glitchtip/wire/slugify.ts";

/** What earlier runs found or created on one server, by the names of the declaration. Ids are identity, slugs addresses. */
export interface KnownServer {
  readonly organizations: Readonly<Record<string, KnownOrganization>>;
}

export interface KnownOrganization extends Identity {
  /** By the key in the declaration. */
  readonly projects: Readonly<Record<string, Identity>>;
  /** Ids by the declared slug. */
  readonly teams: Readonly<Record<string, string>>;
}

export const NOTHING_KNOWN: KnownServer = { organizations: {} };

/** Returns the record's own value of a key, so that no name of a user's reads a property of the prototype. */
export const own = <T>(record: Readonly<Record<string, T>>, key: string): T | undefined =>
  Object.hasOwn(record, key) ? record[key] : undefined;

interface Wanted {
  /** In the store of what is known. */
  readonly key: string;
  readonly name: string;
  readonly slug?: string | undefined;
}

type Standing = Identity & { readonly name: string };

/** Which of the server's objects is which declared one. */
export interface Matches<O> {
  readonly byKey: ReadonlyMap<string, O>;
  /** Slugs of all that have the name of a declared one, where nothing says which it is. */
  readonly ambiguous: ReadonlyMap<string, readonly string[]>;
  readonly others: readonly O[];
}

/**
 * By id, where an earlier run saw it: a slug is only an address, and follows a rename in 4.1 (projects). Then by the
 * declared slug, by name, and by the slug that the name makes, which is what the project had in other tools' files.
 */
export function matchObjects<O extends Standing>(
  wanted: readonly Wanted[],
  observed: readonly O[],
  known: (key: string) => Identity | undefined,
): Matches<O> {
  const byKey = new Map<string, O>();
  const taken = new Set<O>();
  const ambiguous = new Map<string, readonly string[]>();
  const isOpen = ({ key }: Wanted) => !byKey.has(key) && !ambiguous.has(key);
  const take = (rule: (one: Wanted) => readonly O[]) => {
    for (const one of wanted.filter(isOpen)) {
      const found = rule(one).filter((object) => !taken.has(object));
      const [only] = found;
      if (only === undefined) continue;
      for (const object of found) taken.add(object);
      if (found.length === 1) byKey.set(one.key, only);
      else ambiguous.set(one.key, found.map(({ slug }) => slug).sort());
    }
  };
  const index = (keyOf: (object: O) => string) => {
    const all = new Map<string, O[]>();
    for (const object of observed) all.set(keyOf(object), [...(all.get(keyOf(object)) ?? []), object]);
    return (key: string) => all.get(key) ?? [];
  };
  const ofId = index(({ id }) => id);
  const ofSlug = index(({ slug }) => slug);
  const ofName = index(({ name }) => name);
  take(({ key }) => ofId(known(key)?.id ?? "").filter((object) => sameObject(known(key), object)));
  take(({ slug }) => (slug === undefined ? [] : ofSlug(slug)));
  take(({ name }) => ofName(name));
  take(({ name, slug }) => (slug === undefined ? ofSlug(slugify(name)) : []));
  return { byKey, ambiguous, others: observed.filter((object) => !taken.has(object)) };
}

/** What has to be typed to have one of these deleted: its name, or where two have it its address. */
export function namesToType(all: readonly Standing[]): (object: Standing) => string {
  const slugs = new Map<string, string | undefined>();
  for (const { name, slug } of all) slugs.set(name, slugs.has(name) ? undefined : slug);
  return ({ name, slug }) => (slugs.get(name) === slug && name !== "" ? name : slug);
}

/** By code units: the same in every locale. */
export const byText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** Of numbers as texts: 9 before 10. */
export const byId = (a: string, b: string): number => a.length - b.length || byText(a, b);

export interface Pair<D, O> {
  readonly desired: D;
  readonly observed: O | undefined;
  /** Of the same name; the server allows that for almost everything. */
  readonly doubles: readonly O[];
}

interface Named<D, O> {
  readonly ofDesired: (desired: D) => string;
  readonly ofObserved: (observed: O) => string;
  readonly id: (observed: O) => string;
  /** Smaller is better; the lowest id decides between equals, so that every run takes the same one. */
  readonly rank: (desired: D, observed: O) => number;
}

/** For what has a name and a number on both sides. */
export const NAMED = {
  ofDesired: ({ name }: { readonly name: string }) => name,
  ofObserved: ({ name }: { readonly name: string }) => name,
  id: ({ id }: { readonly id: string }) => id,
};

/** Finds each declared thing by its name, and what nobody declared. */
export function pairByName<D, O>(desired: readonly D[], observed: readonly O[], named: Named<D, O>) {
  const byName = new Map<string, O[]>();
  for (const one of observed) {
    const name = named.ofObserved(one);
    const same = byName.get(name);
    if (same === undefined) byName.set(name, [one]);
    else same.push(one);
  }
  const pairs = desired.map((wanted): Pair<D, O> => {
    const name = named.ofDesired(wanted);
    const found = byName.get(name) ?? [];
    byName.delete(name);
    const [best, ...doubles] = found.toSorted(
      (a, b) => named.rank(wanted, a) - named.rank(wanted, b) || byId(named.id(a), named.id(b)),
    );
    return { desired: wanted, observed: best, doubles };
  });
  return { pairs, others: [...byName.values()].flat() };
}
