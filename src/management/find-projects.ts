import { sameObject } from "../glitchtip/identity.ts";
import type { ManagedProject } from "../glitchtip/wire/managed.ts";
import type { Organization } from "../glitchtip/wire/shapes.ts";
import type { DesiredServer, KnownOrganization } from "../reconcile/index.ts";
import type { ServerContext } from "./context.ts";
import type { Problems } from "./problems.ts";
import { type Asks, wantedOrganization } from "./wanted.ts";

/** Told as it comes in, page by page, so that what is in the projects can be read meanwhile. */
export interface Finds {
  organization(organization: Organization): void;
  projects(organization: Organization, page: readonly ManagedProject[]): void;
}

/**
 * The declared organizations and all their projects, in as few requests as there are pages: by the addresses that an
 * earlier run has seen; else by the account's list, which tells both; else organization by organization.
 */
export async function findProjects(
  context: ServerContext,
  desired: DesiredServer,
  asks: Asks,
  problems: Problems,
  finds: Finds,
): Promise<void> {
  const { calls, store } = context;
  const known = store.known;
  const wanted = wantedOrganization(desired, known);
  const names = desired.organizations.map(({ name }) => name);
  const seen = new Set<string>();
  const found = (organization: Organization): boolean => {
    if (wanted(organization) === undefined && !asks.allOrganizations) return false;
    if (!seen.has(organization.id)) finds.organization(organization);
    seen.add(organization.id);
    return asks.everything || wanted(organization) !== undefined;
  };
  const readProjects = async (organization: Organization) => {
    await problems.collect({ organization: organization.name, kind: "project" }, async () => {
      for await (const page of calls.projects.pages(organization.slug)) finds.projects(organization, page);
    });
  };

  if (!asks.allOrganizations) {
    const all = names.map((name) => (Object.hasOwn(known.organizations, name) ? known.organizations[name] : undefined));
    const still = await Promise.all(all.map((one, at) => readKnown(context, names[at] ?? "", one)));
    const whole = still.flatMap((one) => one ?? []);
    if (whole.length === names.length) {
      await Promise.all(
        whole.map(async ({ organization, pages, first }) => {
          found(organization);
          await problems.collect({ organization: organization.name, kind: "project" }, async () => {
            finds.projects(organization, first);
            for await (const page of pages) finds.projects(organization, page);
          });
        }),
      );
      return;
    }
    if (!asks.teamsOfProjects) {
      for await (const page of calls.projects.pagesOfAccount()) {
        for (const { organization, ...project } of page) {
          if (found(organization)) finds.projects(organization, [project]);
        }
      }
      if (seen.size >= names.length) return;
    }
  }
  const organizations = await calls.organizations.list();
  const fresh = organizations.filter(({ id }) => !seen.has(id)).filter(found);
  await Promise.all(fresh.map(readProjects));
}

type KnownPages = {
  readonly organization: Organization;
  readonly first: readonly ManagedProject[];
  readonly pages: AsyncGenerator<ManagedProject[], void, void>;
};

/** Not one project known again: the address may belong to another organization of a new database. */
async function readKnown(
  { calls }: ServerContext,
  name: string,
  known: KnownOrganization | undefined,
): Promise<KnownPages | undefined> {
  const projects = Object.values(known?.projects ?? {});
  if (known === undefined || known.slug === "" || projects.length === 0) return undefined;
  const pages = calls.projects.pages(known.slug);
  const first = (await pages.next()).value ?? [];
  const ids = new Map(projects.map((project) => [project.id, project]));
  if (!first.some((project) => sameObject(ids.get(project.id), project))) return undefined;
  const { id, slug, dateCreated } = known;
  return { organization: { id, slug, dateCreated, name }, first, pages };
}
