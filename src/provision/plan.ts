import { findProject, type Known } from "../glitchtip/identity.ts";
import type { Organization, Project } from "../glitchtip/wire/shapes.ts";
import type { Desired } from "./desired.ts";

export interface Observed {
  /** Of this name or known from before; undefined when there is none. */
  readonly organization: Pick<Organization, "slug"> | undefined;
  readonly projects: readonly Project[];
  /** Slugs; undefined where they were not asked for. */
  readonly teams?: readonly string[] | undefined;
}

/** In the order in which they are carried out. */
export type Action =
  | { readonly type: "create-organization"; readonly name: string }
  | { readonly type: "create-team"; readonly slug: string }
  | {
      readonly type: "create-project";
      readonly name: string;
      readonly team: string;
      readonly platform?: string | undefined;
    }
  | { readonly type: "link-team"; readonly project: string; readonly team: string };

/** The difference between what is wanted and what is there. Nothing is ever taken away here. */
export function planProvision(desired: Desired, observed: Observed, known: Known): Action[] {
  const actions: Action[] = [];
  const teams = new Set([...(observed.teams ?? []), ...teamsSeen(observed.projects)]);
  if (observed.organization === undefined) actions.push({ type: "create-organization", name: desired.organization });
  for (const { name, team, platform } of desired.projects) {
    const project = findProject(observed.projects, name, known.projects[name]);
    if (project?.teams?.some(({ slug }) => slug === team)) continue;
    if (!teams.has(team)) {
      teams.add(team);
      actions.push({ type: "create-team", slug: team });
    }
    if (project === undefined) actions.push({ type: "create-project", name, team, platform });
    else actions.push({ type: "link-team", project: project.slug, team });
  }
  const order = ["create-organization", "create-team", "create-project", "link-team"];
  return actions.sort((a, b) => order.indexOf(a.type) - order.indexOf(b.type));
}

/** True when the project list does not show every wanted team: only then the team list is worth a request. */
export function needsTeams(desired: Desired, projects: readonly Project[]): boolean {
  const seen = teamsSeen(projects);
  return desired.projects.some(({ team }) => !seen.has(team));
}

const teamsSeen = (projects: readonly Project[]): Set<string> =>
  new Set(projects.flatMap(({ teams }) => (teams ?? []).map(({ slug }) => slug)));
