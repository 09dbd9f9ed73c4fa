import { identityOf } from "../glitchtip/identity.ts";
import { slugify } from "../glitchtip/wire/slugify.ts";
import { planAlerts } from "./alerts.ts";
import type { DesiredProject, Kind } from "./desired.ts";
import type { Draft, PlanPlace } from "./draft.ts";
import { planKeys } from "./keys.ts";
import { namesToType } from "./matching.ts";
import { planMonitors } from "./monitors.ts";
import type { ObservedMonitor, ObservedProject } from "./observed.ts";
import { createProject, updateProject } from "./structure.ts";
import type { Teams } from "./teams.ts";

/** Plans one declared project and all that is in it. */
export function planProject(
  draft: Draft,
  organization: PlanPlace,
  desired: DesiredProject,
  found: ObservedProject | undefined,
  teams: Teams,
  monitorsOf: (project: ObservedProject) => readonly ObservedMonitor[] | undefined,
  /** Monitors of no project that become those of this one, where it is not there. */
  orphans: readonly ObservedMonitor[],
): void {
  const slug = found?.slug ?? desired.slug ?? slugify(desired.name);
  const at = { ...organization.at, ...(found === undefined ? {} : { projectSlug: found.slug, projectId: found.id }) };
  const place: PlanPlace = { organization: organization.organization, project: slug, at };
  for (const note of desired.notes ?? []) draft.warn(place, note);
  if (found === undefined) {
    if (!planCreate(draft, place, desired, teams)) return;
  } else planExisting(draft, place, desired, found, teams);

  const managed = <T, O>(
    kind: Kind,
    list: readonly T[] | undefined,
    observed: readonly O[] | undefined,
    beforeItIsMade: readonly O[] = [],
  ) => {
    const problems = desired.problems?.filter((problem) => problem.kind === kind) ?? [];
    for (const { what } of problems) draft.fail(place, what);
    const there = found === undefined ? beforeItIsMade : observed;
    return problems.length > 0 || list === undefined || there === undefined ? undefined : { list, there };
  };
  const keys = managed("key", desired.keys, found?.keys);
  if (keys !== undefined) planKeys(draft, place, keys.list, keys.there);
  const alerts = managed("alert", desired.alerts, found?.alerts);
  if (alerts !== undefined) {
    const names = new Set(alerts.list.map(({ name }) => name));
    const there = desired.onlyJiraAlert ? alerts.there.filter(({ name }) => names.has(name)) : alerts.there;
    planAlerts(draft, place, alerts.list, there);
  }
  const watched = managed("monitor", desired.monitors, found && monitorsOf(found), orphans);
  if (watched !== undefined) planMonitors(draft, place, watched.list, watched.there);
}

function planExisting(
  draft: Draft,
  place: PlanPlace,
  desired: DesiredProject,
  found: ObservedProject,
  teams: Teams,
): void {
  if (wasRenamed(desired, found)) {
    draft.warn(
      place,
      `project "${desired.key}" is called "${found.name}" on the server now, and is still managed; to follow the rename in the declaration: slug: ${found.slug}`,
    );
  }
  if (draft.manages.has("project")) planUpdate(draft, place, desired, found, teams);
}

/** Whether nothing that is declared leads to the project any more, only the number that an earlier run stored. */
const wasRenamed = ({ key, name, slug }: DesiredProject, found: ObservedProject): boolean =>
  slug === undefined && ![key, name].includes(found.name) && ![key, slugify(name)].includes(found.slug);

/** Returns false where the project cannot be created, so that nothing can be in it either. */
function planCreate(draft: Draft, place: PlanPlace, desired: DesiredProject, teams: Teams): boolean {
  if (!draft.manages.has("project")) {
    draft.missing(place, `Project '${place.project}' not found in org '${place.organization}', skipping`);
    return false;
  }
  if (!teams.has(desired.team)) {
    draft.missing(place, `Cannot create project '${desired.name}' without a team: there is no '${desired.team}'`);
    return false;
  }
  draft.act(place, createProject({ ...desired, team: teams.addressOf(desired.team) }));
  return true;
}

function planUpdate(
  draft: Draft,
  place: PlanPlace,
  desired: DesiredProject,
  found: ObservedProject,
  teams: Teams,
): void {
  const { name, nameIsDeclared, slug, platform, throttle } = desired;
  const team = teams.addressOf(desired.team);
  const links = desired.teamIsDeclared && !found.teams.includes(team) && teams.has(desired.team);
  const update = updateProject(found, {
    ...(nameIsDeclared ? { name } : {}),
    slug,
    platform,
    throttle,
    linkTeams: links ? [team] : [],
  });
  if (update !== undefined) draft.act(place, update);
}

/** Reports or prunes the projects that are not declared. */
export function surplusProjects(
  draft: Draft,
  place: PlanPlace,
  others: readonly ObservedProject[],
  all: readonly ObservedProject[],
): void {
  const toType = namesToType(all);
  for (const other of others) {
    const at = { ...place.at, projectSlug: other.slug, projectId: other.id };
    const { id, slug } = identityOf(other);
    const confirm = toType(other);
    draft.surplus("project", { ...place, project: slug, at }, { id, name: other.name, slug }, { confirm });
  }
}
