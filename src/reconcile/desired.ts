import { CodedError } from "../base/errors.ts";
import type { Declaration } from "../config/schema.ts";

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

export function desiredOf(declaration: Declaration): Desired {
  const { organization } = declaration;
  if (organization === undefined) throw new CodedError("GC1101", "the declaration names no organization");
  return {
    organization,
    projects: Object.entries(declaration.projects).map(([key, { name, team, platform }]) => ({
      name: name ?? key,
      team,
      platform,
    })),
  };
}

/** The name under which a project stands on the server. */
export function projectName(declaration: Declaration, key: string): string {
  return declaration.projects[key]?.name ?? key;
}
