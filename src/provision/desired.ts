import { CodedError } from "../base/errors.ts";
import { DEFAULT_TEAM } from "../config/defaults.ts";
import type { ProvisionDeclaration } from "../config/provision-input.ts";
import type { DesiredOrganization } from "../reconcile/index.ts";

/** Returns the part of the declaration that provisioning creates: the organization, its projects, and a team for each. */
export function desiredOrganization({ organization, projects }: ProvisionDeclaration): DesiredOrganization {
  if (organization === undefined) throw new CodedError("GC1101", "the declaration names no organization");
  return {
    name: organization,
    listsProjects: false,
    projects: Object.entries(projects).map(([key, { name, team, platform }]) => ({
      key,
      name: name ?? key,
      nameIsDeclared: name !== undefined,
      team: team ?? DEFAULT_TEAM,
      // The default team is linked as well: without a team no member could see the project.
      teamIsDeclared: true,
      platform,
    })),
  };
}

/** The name that a project of the declaration has on the server. */
export function projectName(declaration: ProvisionDeclaration, key: string): string {
  return declaration.projects[key]?.name ?? key;
}
