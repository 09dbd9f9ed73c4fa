import { slugify } from "../glitchtip/wire/slugify.ts";
import type { DesiredOrganization, Kind } from "./desired.ts";
import type { Draft, PlanPlace } from "./draft.ts";
import type { KnownOrganization } from "./matching.ts";
import type { ObservedOrganization, ObservedProject } from "./observed.ts";
import { createTeam } from "./structure.ts";

/** What the plans of the other kinds ask about teams. */
export interface Teams {
  /** Returns the slug that a declared team has on the server: another one, if it was renamed there. */
  readonly addressOf: (slug: string) => string;
  /** Returns whether the team is there or about to be created. */
  readonly has: (slug: string) => boolean;
  /** Ids by declared slug. */
  readonly known: Readonly<Record<string, string>>;
}

/** Plans the teams that are declared or that a project needs. */
export function planTeams(
  draft: Draft,
  place: PlanPlace,
  desired: DesiredOrganization,
  observed: ObservedOrganization | undefined,
  known: KnownOrganization | undefined,
  neededByProjects: readonly string[],
): Teams {
  const there = new Map(observed?.teams?.map((team) => [team.slug, team.id]));
  const slugs = new Set([...there.keys(), ...(observed?.projects ?? []).flatMap(({ teams }) => teams)]);
  const addresses = renamedTeams(observed, known, slugs);
  const addressOf = (slug: string) => addresses.get(slug) ?? slug;
  const wanted = [...new Set([...(desired.teams ?? []), ...neededByProjects])].sort();
  for (const slug of wanted) {
    const address = addressOf(slug);
    if (address !== slug)
      draft.warn(
        place,
        `team "${slug}" is called "${address}" on the server now, and is still managed; to follow the rename in the declaration: write ${address} instead of ${slug}`,
      );
    if (slugs.has(address)) continue;
    if (draft.manages.has("team")) {
      slugs.add(slug);
      draft.act(place, createTeam(slug));
    } else draft.missing(place, `Team '${slug}' not found in org '${place.organization}', skipping`);
  }
  if (desired.teams !== undefined) {
    const used = new Set([...wanted, ...desired.projects.map(({ team }) => team)].map(addressOf));
    const surplus = (observed?.teams ?? []).filter(({ slug }) => !used.has(slug));
    for (const { id, slug } of surplus) draft.surplus("team", place, { id, name: slug, slug });
  }
  const seen = wanted.flatMap((slug) => {
    const id = there.get(addressOf(slug));
    return id === undefined ? [] : [[slug, id] as const];
  });
  return { addressOf, has: (slug) => slugs.has(addressOf(slug)), known: Object.fromEntries(seen) };
}

/** Returns today's slugs of teams that somebody renamed on the server, by declared slug. */
function renamedTeams(
  observed: ObservedOrganization | undefined,
  known: KnownOrganization | undefined,
  slugs: ReadonlySet<string>,
): ReadonlyMap<string, string> {
  const renamed = Object.entries(known?.teams ?? {}).flatMap(([slug, id]) => {
    const team = observed?.teams?.find((one) => one.id === id && one.slug !== slug);
    return team === undefined || slugs.has(slug) ? [] : [[slug, team.slug] as const];
  });
  return new Map(renamed);
}

/**
 * Tells whether the list of teams has to be read: a team may have to be created, or teams are declared that need not
 * have a project.
 */
export function needsTeamList(
  declared: Pick<DesiredOrganization, "teams" | "projects">,
  projects: readonly ObservedProject[],
  manages: (kind: Kind) => boolean,
): boolean {
  if (manages("team") && declared.teams !== undefined) return true;
  if (!manages("project")) return false;
  const seen = new Set(projects.flatMap(({ teams }) => teams));
  const there = new Set(projects.flatMap(({ name, slug }) => [`name ${name}`, `slug ${slug}`]));
  return declared.projects.some(
    ({ name, slug = slugify(name), team, teamIsDeclared }) =>
      !seen.has(team) && (teamIsDeclared || !(there.has(`name ${name}`) || there.has(`slug ${slug}`))),
  );
}
