import { isDeepStrictEqual } from "node:util";
import { openServerStore, serverStorePath } from "../../outputs/server-store.ts";
import type { KnownServer } from "../../reconcile/index.ts";
import type { ImportedServer } from "./imported.ts";

/** What is known again by its id: only where its date of creation is known, too. All else is found by its slug. */
export function knownOf({ organizations }: ImportedServer): KnownServer {
  const entries = organizations.flatMap(({ name, identity, teamIds = {}, projects }) => {
    if (identity === undefined) return [];
    const known = projects.flatMap(({ key, identity: one }) => (one === undefined ? [] : [[key, one] as const]));
    return [[name, { ...identity, projects: Object.fromEntries(known), teams: teamIds }] as const];
  });
  return { organizations: Object.fromEntries(entries) };
}

/** Adds it to what earlier runs found; the same once more writes nothing. */
export function remember(dir: string, instance: string, { organizations }: KnownServer): void {
  if (Object.keys(organizations).length === 0) return;
  const store = openServerStore(serverStorePath(dir, instance));
  const before = store.known.organizations;
  for (const [name, { projects, teams, ...identity }] of Object.entries(organizations)) {
    const { projects: knownProjects = {}, teams: knownTeams = {}, ...known } = before[name] ?? {};
    if (!isDeepStrictEqual(known, identity)) store.setOrganization(name, identity);
    for (const [key, one] of Object.entries(projects)) {
      if (!isDeepStrictEqual(knownProjects[key], one)) store.setProject(name, key, one);
    }
    for (const [slug, id] of Object.entries(teams)) if (knownTeams[slug] !== id) store.setTeam(name, slug, id);
  }
}
