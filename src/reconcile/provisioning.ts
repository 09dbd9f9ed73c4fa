import { findProject, type Identity, type Known } from "../glitchtip/identity.ts";
import { slugify } from "../glitchtip/wire/slugify.ts";
import type { Action } from "./action.ts";
import type { DesiredOrganization } from "./desired.ts";
import { own } from "./matching.ts";
import type { ObservedOrganization } from "./observed.ts";
import { createOrganization, createProject, createTeam, updateProject } from "./structure.ts";

type Of<K extends Action["kind"], T extends Action["type"]> = Extract<Action, { readonly kind: K; readonly type: T }>;

/** What provisioning does to a server: it creates what is missing, and links a project to its team. */
export type ProvisioningAction =
  | Of<"organization", "create">
  | Of<"team", "create">
  | Of<"project", "create">
  | Of<"project", "update">;

/** The part of an organization that provisioning reads. `teams` is left out where the projects show all that are needed. */
export type ProvisionedOrganization = Identity & Pick<ObservedOrganization, "teams" | "projects">;

/**
 * Returns what the first start of a stack has to create, in the order in which it is carried out: the organization, the
 * teams, the projects in the order of the declaration, then links to teams. It changes and deletes nothing.
 * Throws GC1407 where two projects have the name of a declared one.
 *
 * @param known what earlier runs found or created, by the name of the project.
 */
export function planProvisioning(
  instance: string,
  desired: DesiredOrganization,
  observed: ProvisionedOrganization | undefined,
  known: Known["projects"],
): ProvisioningAction[] {
  const place = {
    instance,
    organization: desired.name,
    at: observed === undefined ? {} : { organizationSlug: observed.slug },
  };
  const projects = observed?.projects ?? [];
  const slugs = new Set([
    ...(observed?.teams ?? []).map(({ slug }) => slug),
    ...projects.flatMap(({ teams }) => teams),
  ]);
  const teams: ProvisioningAction[] = [];
  const creates: ProvisioningAction[] = [];
  const links: ProvisioningAction[] = [];
  for (const { key, name, team, platform } of desired.projects) {
    const found = findProject(projects, name, own(known, name));
    if (found?.teams.includes(team)) continue;
    if (!slugs.has(team)) {
      slugs.add(team);
      teams.push({ ...place, ...createTeam(team) });
    }
    if (found === undefined) {
      creates.push({ ...place, project: slugify(name), ...createProject({ key, name, team, platform }) });
    } else {
      const at = { ...place.at, projectSlug: found.slug, projectId: found.id };
      const link = updateProject(found, { linkTeams: [team] });
      if (link !== undefined) links.push({ ...place, project: found.slug, at, ...link });
    }
  }
  const organization = observed === undefined ? [{ ...place, ...createOrganization(desired.name) }] : [];
  return [...organization, ...teams, ...creates, ...links];
}
