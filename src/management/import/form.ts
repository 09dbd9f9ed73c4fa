import { isDeepStrictEqual } from "node:util";
import { defined } from "../../base/defined.ts";
import { slugify } from "../../glitchtip/wire/slugify.ts";
import { openServerStore, serverStorePath } from "../../outputs/server-store.ts";
import type { KnownServer } from "../../reconcile/index.ts";
import { type Imported, type ImportedOrganization, type ImportedServer, KeyReader } from "./imported.ts";

/** Returns the declaration of what was imported: one server at the top, several in `servers`. */
export function declarationOf(
  { servers }: Imported,
  mine: Readonly<Record<string, unknown>> = {},
): Record<string, unknown> {
  const [only] = servers;
  if (only !== undefined && servers.length === 1 && mine.servers === undefined) {
    const { name, organizations, manage, ...connection } = only;
    return {
      version: 1,
      ...defined({ name: name || undefined, server: defined(connection) }),
      ...insideOf(organizations, mine.organization),
      ...scope(manage, mine),
    };
  }
  return {
    version: 1,
    servers: Object.fromEntries(servers.map((server) => [importedInstanceName(server, mine), severalOf(server)])),
  };
}

/** Returns the instance name of an unnamed server: that of the declared server with this URL, or the host. */
export function importedInstanceName(
  { name, url }: ImportedServer,
  { servers }: Readonly<Record<string, unknown>>,
): string {
  if (name !== "") return name;
  const there = typeof servers === "object" && servers !== null ? Object.entries(servers) : [];
  const same = there.find(([, one]) => url !== undefined && new KeyReader(one).text("url") === url)?.[0];
  return same ?? (url !== undefined && URL.canParse(url) ? new URL(url).hostname : "glitchtip");
}

function severalOf({ name: _, organizations, manage, ...connection }: ImportedServer): Record<string, unknown> {
  return { ...defined(connection), ...insideOf(organizations, undefined), ...scope(manage, {}) };
}

/** Returns `manage`. An existing declaration keeps its own scope. */
const scope = (manage: readonly string[], mine: Readonly<Record<string, unknown>>): Record<string, unknown> =>
  Object.keys(mine).length > 0 ? {} : { manage: [...manage] };

/** One organization stands at the top, unless its slug has to be said. */
function insideOf(organizations: readonly ImportedOrganization[], known: unknown): Record<string, unknown> {
  const [only] = organizations;
  if (only === undefined) return {};
  const plain = only.slug === undefined || only.slug === slugify(only.name);
  if (organizations.length === 1 && (plain || known === only.name)) return { organization: only.name, ...within(only) };
  return {
    organizations: Object.fromEntries(
      organizations.map((one) => [
        one.name,
        { ...defined({ slug: one.slug === slugify(one.name) ? undefined : one.slug }), ...within(one) },
      ]),
    ),
  };
}

const within = ({ teams, members, monitors, projects }: ImportedOrganization): Record<string, unknown> =>
  defined({
    teams,
    members,
    monitors,
    projects: Object.fromEntries(projects.map(({ key, declared }) => [key, declared])),
  });

/** Returns the identities that have an id and a creation date. Everything else is found by its slug. */
export function knownOf({ organizations }: ImportedServer): KnownServer {
  const entries = organizations.flatMap(({ name, identity, teamIds = {}, projects }) => {
    if (identity === undefined) return [];
    const known = projects.flatMap(({ key, identity: one }) => (one === undefined ? [] : [[key, one] as const]));
    return [[name, { ...identity, projects: Object.fromEntries(known), teams: teamIds }] as const];
  });
  return { organizations: Object.fromEntries(entries) };
}

/** Adds the identities to the store. Known ones are not written again. */
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
