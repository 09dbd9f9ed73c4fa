import type { Draft, Place } from "./draft.ts";
import type { KnownOrganization } from "./known.ts";
import type { DesiredOrganization, ObservedOrganization } from "./model.ts";

/** What the other kinds need to know of the teams. */
export interface Teams {
  /** Where a declared team stands: under another slug, if it was renamed on the server. */
  readonly addressOf: (slug: string) => string;
  /** There, or about to be made. */
  readonly has: (slug: string) => boolean;
  /** Ids by declared slug. */
  readonly known: Readonly<Record<string, string>>;
}

/** Teams are made where they are declared, or where a project needs one. */
export function planTeams(
  draft: Draft,
  place: Place,
  desired: DesiredOrganization,
  observed: ObservedOrganization | undefined,
  known: KnownOrganization | undefined,
  neededByProjects: readonly string[],
): Teams {
  const there = new Map(observed?.teams?.map((team) => [team.slug, team.id]));
  const slugs = new Set([...there.keys(), ...(observed?.projects ?? []).flatMap(({ teams }) => teams)]);
  const addresses = new Map<string, string>();
  for (const [slug, id] of Object.entries(known?.teams ?? {})) {
    const renamed = observed?.teams?.find((team) => team.id === id && team.slug !== slug);
    if (renamed !== undefined && !slugs.has(slug)) addresses.set(slug, renamed.slug);
  }
  const addressOf = (slug: string) => addresses.get(slug) ?? slug;
  const wanted = [...new Set([...(desired.teams ?? []), ...neededByProjects])].sort();
  for (const slug of wanted) {
    const address = addressOf(slug);
    if (address !== slug) draft.warn(place, `team "${slug}" is called "${address}" on the server now; it is followed`);
    if (slugs.has(address)) continue;
    if (draft.manages.has("team")) {
      slugs.add(slug);
      draft.act({
        type: "create",
        kind: "team",
        instance: draft.instance,
        organization: place.organization,
        name: slug,
        changes: [],
        at: place.at,
        desired: { slug },
      });
    } else draft.missing(place, `Team '${slug}' not found in org '${place.organization}', skipping`);
  }
  if (desired.teams !== undefined) {
    const used = new Set([...wanted, ...desired.projects.map(({ team }) => team)].map(addressOf));
    for (const { id, slug } of observed?.teams ?? []) {
      if (!used.has(slug)) draft.surplus("team", place, { id, name: slug, slug });
    }
  }
  const seen = wanted.flatMap((slug) => {
    const id = there.get(addressOf(slug));
    return id === undefined ? [] : [[slug, id] as const];
  });
  return { addressOf, has: (slug) => slugs.has(addressOf(slug)), known: Object.fromEntries(seen) };
}
