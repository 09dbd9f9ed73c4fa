import { identityOf } from "../glitchtip/identity.ts";
import type { Draft, Place } from "./draft.ts";
import { type Matches, matchObjects } from "./find.ts";
import { type KnownOrganization, own } from "./known.ts";
import { planMembers } from "./members.ts";
import type {
  DesiredOrganization,
  DesiredProject,
  ObservedMonitor,
  ObservedOrganization,
  ObservedProject,
} from "./model.ts";
import { planMonitors } from "./monitors.ts";
import { planProject, surplusProjects } from "./projects.ts";
import { planStatusPages } from "./status-pages.ts";
import { planTeams } from "./teams.ts";

/** All that is declared in one organization, which is there or will be; what of it was found again. */
export function planOrganization(
  draft: Draft,
  desired: DesiredOrganization,
  found: ObservedOrganization | undefined,
  known: KnownOrganization | undefined,
  account: string | undefined,
): Pick<KnownOrganization, "projects" | "teams"> {
  const place: Place = { organization: desired.name, at: found ? { organizationSlug: found.slug } : {} };
  const observed = found?.projects ?? [];
  const matches = matchObjects(desired.projects, observed, (key) => own(known?.projects ?? {}, key));
  const needed = desired.projects.filter((project) => needsTeam(draft, project, matches));
  const needs = needed.map(({ team }) => team);
  const teams = planTeams(draft, place, desired, found, known, needs);
  const { members, monitors, statusPages } = desired;
  // What was not read of an organization that is there cannot be planned; its reader has said why.
  const read = <T>(list: readonly T[] | undefined) => (found === undefined ? [] : list);
  const there = { members: read(found?.members), monitors: read(found?.monitors), pages: read(found?.statusPages) };
  if (members && there.members) {
    const addressed = members.map((one) => (one.teams ? { ...one, teams: one.teams.map(teams.addressOf) } : one));
    planMembers(draft, place, addressed, there.members, account);
  }
  for (const { what } of desired.problems ?? []) draft.fail(place, what);
  if (monitors && there.monitors && desired.problems === undefined) {
    const free = there.monitors.filter(({ projectId }) => projectId === null);
    planMonitors(draft, place, monitors, free);
  }
  if (statusPages && there.pages) planStatusPages(draft, place, statusPages, there.pages);
  if (found !== undefined && found.projects === undefined) return { projects: {}, teams: teams.known };

  const monitorsOf = byProject(there.monitors);
  for (const project of desired.projects) {
    const several = matches.ambiguous.get(project.key);
    if (several === undefined) {
      planProject(draft, place, project, matches.byKey.get(project.key), teams, monitorsOf);
    } else {
      const what = `${several.length} projects are called "${project.name}": ${several.join(", ")}; declare its slug`;
      draft.fail({ ...place, project: project.slug ?? project.key }, what);
    }
  }
  if (desired.listsProjects && draft.manages.has("project")) surplusProjects(draft, place, matches.others, observed);
  const projects = [...matches.byKey].map(([key, project]) => [key, identityOf(project)] as const);
  return { projects: Object.fromEntries(projects), teams: teams.known };
}

/** Undefined where they were not read. */
function byProject(monitors: readonly ObservedMonitor[] | undefined) {
  const all = new Map<string | null, ObservedMonitor[]>();
  for (const one of monitors ?? []) {
    const of = all.get(one.projectId);
    if (of === undefined) all.set(one.projectId, [one]);
    else of.push(one);
  }
  return ({ id }: ObservedProject) => monitors && (all.get(id) ?? []);
}

const needsTeam = (draft: Draft, project: DesiredProject, { byKey, ambiguous }: Matches<ObservedProject>): boolean =>
  draft.manages.has("project") && !ambiguous.has(project.key) && (project.teamIsDeclared || !byKey.has(project.key));
