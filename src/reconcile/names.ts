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
