import { type Identity, sameObject } from "../glitchtip/identity.ts";
import { slugify } from "../glitchtip/wire/slugify.ts";

/** What earlier runs found or created on one server, by the names of the declaration. Ids are identity, slugs addresses. */
export interface KnownServer {
  readonly organizations: Readonly<Record<string, KnownOrganization>>;
}

export interface KnownOrganization extends Identity {
  /** Identities by the key in the declaration. */
  readonly projects: Readonly<Record<string, Identity>>;
  /** Ids by declared slug. */
  readonly teams: Readonly<Record<string, string>>;
  /** Names of the status pages that are known to be this organization's: the server does not tell it. */
  readonly statusPages?: readonly string[] | undefined;
}

export const NOTHING_KNOWN: KnownServer = { organizations: {} };

/** Returns the record's own value of a key, so that no name of a user's reads a property of the prototype. */
export const own = <T>(record: Readonly<Record<string, T>>, key: string): T | undefined =>
  Object.hasOwn(record, key) ? record[key] : undefined;

interface Wanted {
  /** The key in the store of known ids. */
  readonly key: string;
  readonly name: string;
  readonly slug?: string | undefined;
}

type Standing = Identity & { readonly name: string };

/** The server's objects by declared key. */
export interface Matches<O> {
  readonly byKey: ReadonlyMap<string, O>;
  /** Slugs of all objects that have the name of a declared one, where nothing says which one is meant. */
  readonly ambiguous: ReadonlyMap<string, readonly string[]>;
  readonly others: readonly O[];
}

/**
 * Matches objects by the id that an earlier run stored: a slug is only an address, and changes with the name in 4.1
 * (projects scenario). Then it matches by the declared slug, by name, and by the slug that derives from the name, which
 * other tools' files use.
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

/**
 * Returns a function that gives the text to type before an object is deleted: its name, or its slug where the name is
 * not unique.
 */
export function namesToType(all: readonly Standing[]): (object: Standing) => string {
  const slugs = new Map<string, string | undefined>();
  for (const { name, slug } of all) slugs.set(name, slugs.has(name) ? undefined : slug);
  return ({ name, slug }) => (slugs.get(name) === slug && name !== "" ? name : slug);
}

/** Compares by code units, which gives the same order in every locale. */
export const byText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** Compares numeric ids: 9 before 10. */
export const byId = (a: string, b: string): number => a.length - b.length || byText(a, b);

export interface Pair<D, O> {
  readonly desired: D;
  readonly observed: O | undefined;
  /** Further objects of the same name, which the server allows for almost every kind. */
  readonly doubles: readonly O[];
}

interface Named<D, O> {
  readonly ofDesired: (desired: D) => string;
  readonly ofObserved: (observed: O) => string;
  readonly id: (observed: O) => string;
  /**
   * The candidate with the lowest rank is taken; of equals the one with the lowest id, so that every run takes the
   * same one.
   */
  readonly rank: (desired: D, observed: O) => number;
}

/** The accessors for objects that have a name and an id. */
export const NAMED = {
  ofDesired: ({ name }: { readonly name: string }) => name,
  ofObserved: ({ name }: { readonly name: string }) => name,
  id: ({ id }: { readonly id: string }) => id,
};

/** Pairs declared and observed objects by name; `others` are not declared. */
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
