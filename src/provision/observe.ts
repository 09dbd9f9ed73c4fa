import { CodedError } from "../base/errors.ts";
import type { GlitchTip } from "../glitchtip/client.ts";
import { findOrganization, findProject, type Identity, identityOf, sameObject } from "../glitchtip/identity.ts";
import type { StateStore } from "../outputs/state-store.ts";
import {
  type DesiredOrganization,
  needsTeamList,
  type ObservedProject,
  observedProject,
  type ProvisionedOrganization,
} from "../reconcile/index.ts";
import type { ProvisionContext } from "./context.ts";

type Observing = Pick<ProvisionContext, "store" | "log">;

/** Undefined: the server has no such organization. */
export type Observed = ProvisionedOrganization | undefined;

/** Reads the organization that the last run stored, else looks for it by its name. */
export const observeFirst = async (
  glitchtip: GlitchTip,
  desired: DesiredOrganization,
  context: Observing,
): Promise<Observed> =>
  (await observeKnown(glitchtip, desired, context.store)) ?? (await observe(glitchtip, desired, context));

/**
 * Reads a known organization with one request: the list of its projects has ids and teams, and proves the token.
 * Returns undefined when what is known does not hold any more.
 */
async function observeKnown(glitchtip: GlitchTip, desired: DesiredOrganization, store: StateStore): Promise<Observed> {
  const { organization } = store;
  if (organization === undefined) return undefined;
  try {
    const projects = await readProjects(glitchtip, organization);
    const known: Identity[] = Object.values(store.projects);
    const recognized = projects.some((project) => known.some((one) => sameObject(one, project)));
    // When no project is known the slug may belong to another organization of a new database.
    return recognized ? await withTeams(glitchtip, organization, projects, desired) : undefined;
  } catch (error) {
    if (error instanceof CodedError && error.code === "GC1209") return undefined;
    throw error;
  }
}

/**
 * Looks for the organization by what is known of it, else by its name, and stores what it finds. Warns where the server has
 * none of this name, and has one whose name differs in case only.
 */
export async function observe(
  glitchtip: Pick<GlitchTip, "organizations" | "projects" | "teams">,
  desired: DesiredOrganization,
  { store, log }: Observing,
): Promise<Observed> {
  const there = await glitchtip.organizations();
  const found = findOrganization(there, desired.name, store.organization);
  const organization = found && identityOf(found);
  store.setOrganization(organization);
  if (organization === undefined) {
    const similar = there.find(({ name }) => name.toLowerCase() === desired.name.toLowerCase());
    if (similar !== undefined) {
      log.warn(
        `an organization named "${similar.name}" already exists; "${desired.name}", which differs only in upper and lower case, becomes a second one`,
      );
    }
    return undefined;
  }
  return await withTeams(glitchtip, organization, await readProjects(glitchtip, organization), desired);
}

const readProjects = async (glitchtip: Pick<GlitchTip, "projects">, { slug }: Identity): Promise<ObservedProject[]> =>
  (await glitchtip.projects(slug)).map(observedProject);

/** Asks for the teams only when the projects do not show all that are needed. */
async function withTeams(
  glitchtip: Pick<GlitchTip, "teams">,
  organization: Identity,
  projects: readonly ObservedProject[],
  desired: DesiredOrganization,
): Promise<ProvisionedOrganization> {
  if (!needsTeamList(desired, projects, () => true)) return { ...organization, projects };
  return { ...organization, projects, teams: await glitchtip.teams(organization.slug) };
}

/** Stores the projects that are there, and forgets the others: an old id may mean another project in a new database. */
export function rememberProjects(desired: DesiredOrganization, observed: Observed, store: StateStore): void {
  for (const { name } of desired.projects) {
    const known = store.projects[name];
    const project = findProject(observed?.projects ?? [], name, known);
    if (project === undefined) store.setProject(name, undefined);
    else
      store.setProject(name, sameObject(known, project) ? { ...known, ...identityOf(project) } : identityOf(project));
  }
}
