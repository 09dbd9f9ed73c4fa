import type { ManagedProject } from "../glitchtip/wire/managed.ts";
import type { Organization } from "../glitchtip/wire/shapes.ts";
import {
  type DesiredOrganization,
  type DesiredProject,
  type DesiredServer,
  type ObservedOrganization,
  type ObservedProject,
  type ObservedServer,
  observedKey,
  observedProject,
} from "../reconcile/index.ts";
import type { ServerContext } from "./context.ts";
import { findProjects } from "./find-projects.ts";
import { readOrganization } from "./observe-organization.ts";
import { openPool, type Pool } from "./pool.ts";
import { openProblems, type Problem, type Problems } from "./problems.ts";
import { type Asks, asksOf, wantedOrganization, wantedProject } from "./wanted.ts";

export interface Observation {
  /** Undefined where the server let nobody in: nothing can be planned. */
  readonly observed: ObservedServer | undefined;
  /** What could not be read; the plan says nothing about it. */
  readonly problems: readonly Problem[];
}

export interface ObserveOptions {
  /** All that there is of the managed kinds in the declared organizations, or in all where none is declared: for `pull`. */
  readonly everything?: boolean;
}

/** What is read bit by bit. */
export type Growing<T> = { -readonly [K in keyof T]: T[K] };

/**
 * Reads what the declaration needs to know and no more, side by side: a page of projects for each hundred, one list of
 * alerts for each project whose alerts are declared, nothing of what is not managed.
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
    whole = {
      ...(settings?.version === undefined ? {} : { version: settings.version }),
      ...(account === undefined ? {} : { account: account.email }),
    };
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

/** A part of a list is no list: a project that is not in it might be made again. */
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
  problems: Problems,
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
