import { type Identity, sameObject } from "../glitchtip/identity.ts";
import type { ManagedProject } from "../glitchtip/wire/managed.ts";
import { EARLY_RECIPIENT_TYPES } from "../glitchtip/wire/recipient-types.ts";
import type { Organization } from "../glitchtip/wire/shapes.ts";
import { slugify } from "../glitchtip/wire/slugify.ts";
import {
  clearText,
  type DesiredOrganization,
  type DesiredProject,
  type DesiredServer,
  isPrivateUrl,
  type Kind,
  type KnownOrganization,
  type KnownServer,
} from "../reconcile/index.ts";
import type { ReadProblems } from "./problems.ts";
import type { ServerContext } from "./server-context.ts";

/**
 * Returns the declared object that an object of the server may be. The plan decides; what cannot be declared costs no
 * request.
 */
export type MayBe<D> = (object: Identity & { readonly name: string }) => D | undefined;

interface Named {
  readonly key: string;
  readonly name: string;
  readonly slug?: string | undefined;
}

function mayBeOneOf<D>(
  all: readonly D[],
  named: (one: D) => Named,
  known: (key: string) => Identity | undefined,
): MayBe<D> {
  const words = new Map<string, D>();
  const add = (word: string | undefined, one: D) => {
    if (word !== undefined && !words.has(word)) words.set(word, one);
  };
  for (const one of all) {
    const { key, name, slug } = named(one);
    add(idWord(known(key)?.id), one);
    add(`slug ${slug ?? slugify(name)}`, one);
    add(`name ${name}`, one);
  }
  return ({ id, slug, name }) => words.get(`id ${id}`) ?? words.get(`slug ${slug}`) ?? words.get(`name ${name}`);
}

const idWord = (id: string | undefined) => (id === undefined ? undefined : `id ${id}`);

const own = <T>(record: Readonly<Record<string, T>> | undefined, key: string): T | undefined =>
  record !== undefined && Object.hasOwn(record, key) ? record[key] : undefined;

export const wantedOrganization = (desired: DesiredServer, known: KnownServer): MayBe<DesiredOrganization> =>
  mayBeOneOf(
    desired.organizations,
    ({ name, slug }) => ({ key: name, name, slug }),
    (name) => own(known.organizations, name),
  );

export function wantedProject(desired: DesiredOrganization, { organizations }: KnownServer): MayBe<DesiredProject> {
  const here = own(organizations, desired.name);
  // An organization with a new name may be any of those in the store.
  const remembered = here === undefined ? Object.values(organizations) : [here];
  return mayBeOneOf(
    desired.projects,
    (project) => project,
    (key) => remembered.flatMap(({ projects }) => own(projects, key) ?? [])[0],
  );
}

/** What has to be read: the kinds that are both managed and declared. */
export interface Asks {
  /** True to read everything, declared or not. */
  readonly everything: boolean;
  readonly manages: (kind: Kind) => boolean;
  /** True where the teams of projects are needed, which the list over all organizations does not have. */
  readonly teamsOfProjects: boolean;
  readonly allOrganizations: boolean;
  /** True where the plan depends on the generation. */
  readonly version: boolean;
  readonly members: boolean;
}

const EARLY_TYPES: ReadonlySet<string> = new Set(EARLY_RECIPIENT_TYPES);

export function asksOf(desired: DesiredServer, everything: boolean): Asks {
  const kinds = new Set(desired.manages);
  const manages = (kind: Kind) => kinds.has(kind);
  const projects = desired.organizations.flatMap((organization) => organization.projects);
  if (everything) {
    const allOrganizations = desired.organizations.length === 0;
    return { everything, manages, teamsOfProjects: true, allOrganizations, version: true, members: manages("member") };
  }
  return {
    everything,
    manages,
    teamsOfProjects: manages("project") && projects.some(({ teamIsDeclared }) => teamIsDeclared),
    allOrganizations: desired.listsOrganizations && manages("organization"),
    version: projects.some((project) => differsByGeneration(project, manages)) || hasOwnMonitors(desired, manages),
    members: manages("member") && desired.organizations.some(({ members }) => members !== undefined),
  };
}

const hasOwnMonitors = (desired: DesiredServer, manages: Asks["manages"]): boolean =>
  manages("monitor") && desired.organizations.some(({ monitors }) => monitors?.length);

function differsByGeneration(project: DesiredProject, manages: Asks["manages"]): boolean {
  const alerts = manages("alert") ? (project.alerts ?? []) : [];
  return (
    (manages("monitor") && (project.monitors ?? []).length > 0) ||
    (manages("project") && project.slug !== undefined) ||
    (manages("key") && project.keys !== undefined) ||
    alerts.some(({ recipients }) =>
      recipients.some(
        ({ type, tagsToAdd, url }) => tagsToAdd !== undefined || !EARLY_TYPES.has(type) || isPrivateUrl(clearText(url)),
      ),
    )
  );
}

/** Receives what is found page by page, so that the contents of projects can be read meanwhile. */
export interface Finds {
  organization(organization: Organization): void;
  projects(organization: Organization, page: readonly ManagedProject[]): void;
}

/**
 * Reads the declared organizations and all their projects, in as few requests as there are pages: by the addresses that an
 * earlier run has seen; else by the account's list, which has both; else organization by organization.
 */
export async function findProjects(
  context: ServerContext,
  desired: DesiredServer,
  asks: Asks,
  problems: ReadProblems,
  finds: Finds,
): Promise<void> {
  const { calls, store } = context;
  const wanted = wantedOrganization(desired, store.known);
  const seen = new Set<string>();
  /** Announces an organization; returns whether its projects are to be read. */
  const found = (organization: Organization): boolean => {
    if (wanted(organization) === undefined && !asks.allOrganizations) return false;
    if (!seen.has(organization.id)) finds.organization(organization);
    seen.add(organization.id);
    return asks.everything || wanted(organization) !== undefined;
  };
  const readPages = (organization: Organization, pages: AsyncIterable<ManagedProject[]>) =>
    problems.collect({ organization: organization.name, kind: "project" }, async () => {
      for await (const page of pages) finds.projects(organization, page);
    });

  const readAccount = async () => {
    for await (const page of calls.projects.pagesOfAccount()) {
      for (const { organization, ...project } of page) if (found(organization)) finds.projects(organization, [project]);
    }
  };

  if (!asks.allOrganizations) {
    const known = await knownOrganizations(context, desired);
    if (known !== undefined) {
      for (const { organization } of known) found(organization);
      await Promise.all(known.map(({ organization, pages }) => readPages(organization, pages)));
      return;
    }
    if (!asks.teamsOfProjects) await readAccount();
    if (seen.size >= desired.organizations.length) return;
  }
  const organizations = await calls.organizations.list();
  const fresh = organizations.filter(({ id }) => !seen.has(id)).filter(found);
  await Promise.all(fresh.map((organization) => readPages(organization, calls.projects.pages(organization.slug))));
}

interface KnownPages {
  readonly organization: Organization;
  readonly pages: AsyncIterable<ManagedProject[]>;
}

/** Returns the declared organizations by the addresses that an earlier run stored; undefined where one is not known. */
async function knownOrganizations(
  context: ServerContext,
  { organizations }: DesiredServer,
): Promise<KnownPages[] | undefined> {
  const known = context.store.known.organizations;
  const pages = await Promise.all(organizations.map(({ name }) => readKnown(context, name, own(known, name))));
  const whole = pages.flatMap((one) => one ?? []);
  return whole.length === organizations.length ? whole : undefined;
}

/**
 * Reads the first page of projects. Returns undefined where not one of them is known: the address may belong to another
 * organization of a new database.
 */
async function readKnown(
  { calls }: ServerContext,
  name: string,
  known: KnownOrganization | undefined,
): Promise<KnownPages | undefined> {
  const projects = Object.values(known?.projects ?? {});
  if (known === undefined || known.slug === "" || projects.length === 0) return undefined;
  const rest = calls.projects.pages(known.slug);
  const first = (await rest.next()).value ?? [];
  const ids = new Map(projects.map((project) => [project.id, project]));
  if (!first.some((project) => sameObject(ids.get(project.id), project))) return undefined;
  const { id, slug, dateCreated } = known;
  async function* pages() {
    yield first;
    yield* rest;
  }
  return { organization: { id, slug, dateCreated, name }, pages: pages() };
}
