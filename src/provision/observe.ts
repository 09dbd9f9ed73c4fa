import { CodedError } from "../base/errors.ts";
import type { GlitchTip } from "../glitchtip/client.ts";
import { findOrganization, findProject, identityOf, type Known, sameObject } from "../glitchtip/identity.ts";
import type { Organization, Project } from "../glitchtip/wire/shapes.ts";
import type { StateStore } from "../outputs/state-store.ts";
import type { Desired } from "./desired.ts";
import { needsTeams, type Observed } from "./plan.ts";

export interface Situation extends Observed {
  readonly organization: Pick<Organization, "slug"> | undefined;
}

/**
 * With a known organization one request tells everything: its project list has the ids, the teams, and proves the
 * token. Undefined when it does not hold any more, so that the caller looks closer.
 */
async function observeKnown(glitchtip: GlitchTip, desired: Desired, store: StateStore): Promise<Situation | undefined> {
  const organization = store.organization;
  if (organization === undefined) return undefined;
  try {
    const projects = await glitchtip.projects(organization.slug);
    const knows = Object.values<Known["projects"][string]>(store.projects);
    const recognised = projects.some((project) => knows.some((known) => sameObject(known, project)));
    // Not one project known again: the slug may belong to another organization of a new database.
    if (!recognised) return undefined;
    return { organization, projects, teams: await teamsIfNeeded(glitchtip, organization.slug, desired, projects) };
  } catch (error) {
    if (error instanceof CodedError && error.code === "GC1209") return undefined;
    throw error;
  }
}

/** By what is known, else from the top. */
export const observeFirst = async (glitchtip: GlitchTip, desired: Desired, store: StateStore): Promise<Situation> =>
  (await observeKnown(glitchtip, desired, store)) ?? (await observe(glitchtip, desired, store));

/** From the list of organizations down. */
export async function observe(glitchtip: GlitchTip, desired: Desired, store: StateStore): Promise<Situation> {
  const organization = findOrganization(await glitchtip.organizations(), desired.organization, store.organization);
  store.setOrganization(organization && identityOf(organization));
  if (organization === undefined) return { organization, projects: [], teams: [] };
  const projects = await glitchtip.projects(organization.slug);
  return { organization, projects, teams: await teamsIfNeeded(glitchtip, organization.slug, desired, projects) };
}

/** Forgets what is no longer there, and stores what is: an old id may mean another project in a new database. */
export function rememberProjects(desired: Desired, projects: readonly Project[], store: StateStore): void {
  for (const { name } of desired.projects) {
    const known = store.projects[name];
    const project = findProject(projects, name, known);
    if (project === undefined) store.setProject(name, undefined);
    else
      store.setProject(name, sameObject(known, project) ? { ...known, ...identityOf(project) } : identityOf(project));
  }
}

async function teamsIfNeeded(
  glitchtip: GlitchTip,
  organization: string,
  desired: Desired,
  projects: readonly Project[],
) {
  if (!needsTeams(desired, projects)) return undefined;
  return (await glitchtip.teams(organization)).map(({ slug }) => slug);
}
