import { slugify } from "../../glitchtip/wire/slugify.ts";
import { type Imported, type ImportedOrganization, type ImportedServer, KeyReader, present } from "./imported.ts";

/** The declaration that says what was imported: one server at its top, several in `servers`. */
export function declarationOf(
  { servers }: Imported,
  mine: Readonly<Record<string, unknown>> = {},
): Record<string, unknown> {
  const [only] = servers;
  if (only !== undefined && servers.length === 1 && mine.servers === undefined) {
    const { name, organizations, manage, ...connection } = only;
    return {
      version: 1,
      ...present({ name: name || undefined, server: present(connection) }),
      ...insideOf(organizations, mine.organization),
      ...scope(manage, mine),
    };
  }
  return {
    version: 1,
    servers: Object.fromEntries(servers.map((server) => [instanceOf(server, mine), severalOf(server)])),
  };
}

/** What a server that the files do not name is called among `servers`: as the one that is there, or by its host. */
export function instanceOf({ name, url }: ImportedServer, { servers }: Readonly<Record<string, unknown>>): string {
  if (name !== "") return name;
  const there = typeof servers === "object" && servers !== null ? Object.entries(servers) : [];
  const same = there.find(([, one]) => url !== undefined && new KeyReader(one).text("url") === url)?.[0];
  return same ?? (url !== undefined && URL.canParse(url) ? new URL(url).hostname : "glitchtip");
}

function severalOf({ name: _, organizations, manage, ...connection }: ImportedServer): Record<string, unknown> {
  return { ...present(connection), ...insideOf(organizations, undefined), ...scope(manage, {}) };
}

/** In a declaration that says already what it manages, or manages all that it declares, that is not narrowed. */
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
        { ...present({ slug: one.slug === slugify(one.name) ? undefined : one.slug }), ...within(one) },
      ]),
    ),
  };
}

const within = ({ teams, members, monitors, projects }: ImportedOrganization): Record<string, unknown> =>
  present({
    teams,
    members,
    monitors,
    projects: Object.fromEntries(projects.map(({ key, declared }) => [key, declared])),
  });
