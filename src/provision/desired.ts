import { CodedError } from "../base/errors.ts";
import { DEFAULT_TEAM } from "../config/default-team.ts";
import type { ProvisionDeclaration } from "../config/provision-input.ts";

export interface DesiredProject {
  readonly name: string;
  readonly team: string;
  readonly platform?: string | undefined;
}

/** What the declaration wants of one server. */
export interface Desired {
  readonly organization: string;
  readonly projects: readonly DesiredProject[];
}

export function desiredOf(declaration: ProvisionDeclaration): Desired {
  const { organization } = declaration;
  if (organization === undefined) throw new CodedError("GC1101", "the declaration names no organization");
  return {
    organization,
    projects: Object.entries(declaration.projects).map(([key, { name, team, platform }]) => ({
      name: name ?? key,
      team: team ?? DEFAULT_TEAM,
      platform,
    })),
  };
}

/** The name under which a project stands on the server. */
export function projectName(declaration: ProvisionDeclaration, key: string): string {
  return declaration.projects[key]?.name ?? key;
}
