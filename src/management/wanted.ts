import type { Identity } from "../glitchtip/identity.ts";
import { slugify } from "../glitchtip/wire/slugify.ts";
import {
  type DesiredOrganization,
  type DesiredProject,
  type DesiredServer,
  isPrivateUrl,
  type Kind,
  type KnownServer,
  textOf,
} from "../reconcile/index.ts";

/** Whether one of the server's objects may be a declared one; the plan decides. What cannot be one costs no request. */
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
  // Under a new name it may be any of those that are remembered.
  const remembered = here === undefined ? Object.values(organizations) : [here];
  return mayBeOneOf(
    desired.projects,
    (project) => project,
    (key) => remembered.flatMap(({ projects }) => own(projects, key) ?? [])[0],
  );
}

/** The kinds that a request tells something about, and whether they are both managed and declared. */
export interface Asks {
  /** Whatever is there, declared or not. */
  readonly everything: boolean;
  readonly manages: (kind: Kind) => boolean;
  /** Of which team a project is, which the list over all organizations does not tell. */
  readonly teamsOfProjects: boolean;
  readonly allOrganizations: boolean;
  /** Something that differs between generations. */
  readonly version: boolean;
  readonly members: boolean;
}

const BASIC_RECIPIENTS: ReadonlySet<string> = new Set(["email", "webhook", "discord", "googlechat"]);

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
        ({ type, tagsToAdd, url }) =>
          tagsToAdd !== undefined || !BASIC_RECIPIENTS.has(type) || isPrivateUrl(textOf(url)),
      ),
    )
  );
}
