import { loadServers } from "../../config/load.ts";
import { desiredServers, KINDS } from "../../reconcile/index.ts";
import type { DeclaredServer } from "../declared.ts";
import { observeServer } from "../observe.ts";
import type { Servers } from "../servers.ts";
import { only, projectsOf } from "./export.ts";
import type { Configuration, ExportedProject } from "./file.ts";

/** A DSN of the old server and its replacement. */
export interface MovedDsn {
  readonly organization: string;
  readonly project: string;
  readonly label: string;
  readonly from: string;
  /** Undefined where the project or the key is missing on the new server. */
  readonly to?: string;
}

/**
 * Returns the text of a declaration with an organization of the configuration where it names none: which organizations are
 * wanted, the configuration says.
 */
export function withOrganization(text: string, { declaration }: Configuration): string {
  const named = /^organizations?:|^servers:/m;
  if (named.test(text)) return text;
  const [first] = desiredServers(loadServers(declaration, "the exported configuration"), "exported");
  const name = first?.organizations[0]?.name;
  return name === undefined ? text : `${text}\norganization: ${JSON.stringify(name)}\n`;
}

/** Returns the target server with the exported organizations as what is wanted. Everything else on it is left alone. */
export function wantedOf(target: DeclaredServer, { declaration }: Configuration): DeclaredServer {
  const [exported] = desiredServers(loadServers(declaration, "the exported configuration"), "exported");
  const { desired } = target;
  return {
    ...target,
    desired: {
      ...desired,
      // The import has its own store of ids, beside that of the declaration.
      name: `${desired.name}-imported`,
      prune: false,
      manages: KINDS,
      listsOrganizations: false,
      organizations: (exported?.organizations ?? []).map((one) => ({ ...one, listsProjects: false })),
    },
  };
}

/**
 * Returns the new DSN for each old one. They differ because the API does not accept a project's id or a key's value.
 */
export async function movedDsns(servers: Servers, { projects, from }: Configuration): Promise<MovedDsn[]> {
  const there = only(
    await servers.each(async ({ context, desired, url }) => {
      const keyed = { ...desired, organizations: [], listsOrganizations: true, manages: KINDS };
      const { observed } = await observeServer(context, keyed, { everything: true });
      return { url, projects: observed === undefined ? [] : projectsOf(observed) };
    }),
  );
  return projects.flatMap((old) => {
    const now = there.projects.find((one) => one.organization === old.organization && one.name === old.name);
    return old.keys.map(({ label, key }, at) => {
      const found = now?.keys.find((one) => one.label === label) ?? now?.keys[at];
      return {
        organization: old.organization,
        project: old.name,
        label,
        from: dsn(from.url, key, old),
        ...(now === undefined || found === undefined ? {} : { to: dsn(there.url, found.key, now) }),
      };
    });
  });
}

function dsn(url: string, key: string, { id }: ExportedProject): string {
  const { protocol, host, pathname } = new URL(url);
  return `${protocol}//${key}@${host}${pathname.replace(/\/$/, "")}/${id}`;
}
