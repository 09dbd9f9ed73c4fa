import { defined } from "../base/defined.ts";
import type { ManagedProject } from "../glitchtip/wire/managed.ts";
import type { Organization } from "../glitchtip/wire/shapes.ts";
import {
  type DesiredOrganization,
  type DesiredProject,
  type DesiredServer,
  needsTeamList,
  type ObservedMember,
  type ObservedOrganization,
  type ObservedProject,
  type ObservedServer,
  type ObservedStatusPage,
  type ObservedTeam,
  observedKey,
  observedMember,
  observedMonitor,
  observedProject,
  observedStatusPage,
} from "../reconcile/index.ts";
import { type Asks, asksOf, findProjects, wantedOrganization, wantedProject } from "./find-projects.ts";
import { openPool, type Pool } from "./pool.ts";
import { openProblems, type ReadProblem, type ReadProblems } from "./problems.ts";
import type { ServerContext } from "./server-context.ts";

export interface Observation {
  /** Undefined where the server could not be read at all, so that nothing can be planned. */
  readonly observed: ObservedServer | undefined;
  /** What could not be read, and is therefore not planned. */
  readonly problems: readonly ReadProblem[];
}

export interface ObserveOptions {
  /**
   * Reads everything of the managed kinds in the declared organizations, or in all organizations where none is
   * declared (for `pull`).
   */
  readonly everything?: boolean;
}

/** An object whose properties are filled as they are read. */
export type Growing<T> = { -readonly [K in keyof T]: T[K] };

/**
 * Reads what a plan of the declaration needs and nothing else, concurrently: one page for each hundred projects, one list
 * of alerts for each project whose alerts are declared.
 */
export async function observeServer(
  context: ServerContext,
  desired: DesiredServer,
  { everything = false }: ObserveOptions = {},
): Promise<Observation> {
  const { calls, signal, store } = context;
  const problems = openProblems(desired.name, signal);
  const asks = asksOf(desired, everything);
  const pool = openPool();
  const organizations = new Map<string, Found>();
  const wanted = wantedOrganization(desired, store.known);
  const begin = (organization: Organization): Found => {
    const declared = wanted(organization);
    const { id, slug, dateCreated, name } = organization;
    const found: Found = {
      observed: { id, slug, dateCreated, name, projects: [] },
      declared,
      mayBe: declared === undefined ? () => undefined : wantedProject(declared, store.known),
    };
    organizations.set(id, found);
    return found;
  };
  const finds = {
    organization: (organization: Organization) => void begin(organization),
    projects(organization: Organization, page: readonly ManagedProject[]) {
      const { observed, mayBe } = organizations.get(organization.id) ?? begin(organization);
      for (const one of page) {
        const project: Growing<ObservedProject> = observedProject(one);
        observed.projects.push(project);
        const declared = mayBe(project);
        if (everything || declared !== undefined)
          readProject(context, asks, observed, project, declared, pool, problems);
      }
    },
  };
  let whole: Pick<ObservedServer, "version" | "account"> | undefined;
  await problems.collect({}, async () => {
    const [settings, account] = await Promise.all([
      asks.version ? calls.server.settings() : undefined,
      asks.members ? calls.server.account() : undefined,
      findProjects(context, desired, asks, problems, finds),
    ]);
    for (const { observed, declared } of organizations.values()) {
      if (everything || declared !== undefined) readOrganization(context, asks, observed, declared, pool, problems);
    }
    whole = defined({ version: settings?.version, account: account?.email });
  });
  await pool.finish();
  signal.throwIfAborted();
  if (whole === undefined || problems.hopeless) return { observed: undefined, problems: problems.all };
  const broken = new Set(problems.all.filter(({ kind }) => kind === "project").map(({ organization }) => organization));
  return {
    observed: {
      ...whole,
      organizations: [...organizations.values()].map(({ observed }) => withoutBroken(observed, broken)),
    },
    problems: problems.all,
  };
}

interface Found {
  readonly observed: Growing<ObservedOrganization> & { projects: Growing<ObservedProject>[] };
  readonly declared: DesiredOrganization | undefined;
  readonly mayBe: (project: ObservedProject) => DesiredProject | undefined;
}

/** Drops the projects of an organization whose list was read only in part: a missing project would be created again. */
function withoutBroken(observed: ObservedOrganization, broken: ReadonlySet<string | undefined>): ObservedOrganization {
  if (!broken.has(observed.name)) return observed;
  const { projects: _, ...rest } = observed;
  return rest;
}

function readProject(
  { calls }: ServerContext,
  { manages, everything }: Asks,
  organization: ObservedOrganization,
  project: Growing<ObservedProject>,
  declared: DesiredProject | undefined,
  pool: Pool,
  problems: ReadProblems,
): void {
  const where = { organization: organization.name, project: project.slug };
  if (manages("alert") && (everything || declared?.alerts !== undefined)) {
    pool.add(() =>
      problems.collect({ ...where, kind: "alert" }, async () => {
        project.alerts = await calls.alerts.list(organization.slug, project.slug);
      }),
    );
  }
  if (manages("key") && (everything || declared?.keys !== undefined)) {
    pool.add(() =>
      problems.collect({ ...where, kind: "key" }, async () => {
        project.keys = (await calls.keys.list(organization.slug, project.slug)).map(observedKey);
      }),
    );
  }
}

/** Reads what an organization has beside its projects, as far as it is declared. Its projects must have been read. */
export function readOrganization(
  context: ServerContext,
  { manages, everything }: Asks,
  observed: Growing<ObservedOrganization>,
  declared: DesiredOrganization | undefined,
  pool: Pool,
  problems: ReadProblems,
): void {
  const { calls } = context;
  const { slug, name: organization } = observed;
  const monitors =
    everything || (declared && [declared, ...declared.projects].some((one) => one.monitors !== undefined));
  const members = manages("member") && (everything || declared?.members !== undefined);
  const memberships = members && (everything || declared?.members?.some(({ teams }) => teams !== undefined) === true);
  pool.add(() =>
    problems.collect({ organization, kind: "team" }, async () => {
      const needed =
        everything ||
        memberships ||
        (declared !== undefined && needsTeamList(declared, observed.projects ?? [], manages));
      if (!needed) return;
      observed.teams = (await calls.teams.list(slug)).map((team): ObservedTeam => ({ id: team.id, slug: team.slug }));
    }),
  );
  if (members) {
    pool.add(() =>
      problems.collect({ organization, kind: "member" }, async () => {
        const all = (await calls.members.list(slug)).map(observedMember);
        observed.members = memberships ? await withTeams(context, slug, all) : all;
      }),
    );
  }
  if (manages("monitor") && monitors) {
    pool.add(() =>
      problems.collect({ organization, kind: "monitor" }, async () => {
        observed.monitors = (await calls.monitors.list(slug)).map(observedMonitor);
      }),
    );
  }
  if (manages("statusPage") && (everything || declared?.statusPages !== undefined)) {
    pool.add(() =>
      problems.collect({ organization, kind: "statusPage" }, async () => {
        observed.statusPages = await pagesOf(context, observed, declared);
      }),
    );
  }
}

/**
 * Returns the status pages that may be the organization's: the server lists those of all organizations of the account, and
 * only a page's monitors tell whose it is.
 */
async function pagesOf(
  { calls }: ServerContext,
  { id, slug }: ObservedOrganization,
  declared: DesiredOrganization | undefined,
): Promise<ObservedStatusPage[]> {
  const all = (await calls.statusPages.list(slug)).map(observedStatusPage);
  const own = all.filter(({ organizationId = id }) => organizationId === id);
  const names = new Set(declared?.statusPages?.map(({ name }) => name));
  const isOpen = ({ name, organizationId }: ObservedStatusPage) => organizationId === undefined && names.has(name);
  if (!own.some(isOpen) || (await calls.organizations.list()).length === 1) return own;
  return own.map((page) => (isOpen(page) ? { ...page, mayBeAnothers: true } : page));
}

/** Adds the teams of each member with one request a team: neither list has the memberships. */
async function withTeams(
  { calls }: ServerContext,
  organization: string,
  members: readonly ObservedMember[],
): Promise<ObservedMember[]> {
  const teams = await calls.teams.list(organization);
  const inTeam = await Promise.all(
    teams.map(async ({ slug }) => {
      const ids = (await calls.teams.members(organization, slug)).map(({ id }) => id);
      return { slug, ids: new Set(ids) };
    }),
  );
  return members.map((member) => ({
    ...member,
    teams: inTeam.filter(({ ids }) => ids.has(member.id)).map(({ slug }) => slug),
  }));
}
