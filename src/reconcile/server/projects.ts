import { slugify } from "../../glitchtip/wire/slugify.ts";
import { identityOf } from "../identity.ts";
import type { ProjectUpdate } from "./action.ts";
import { planAlerts } from "./alerts.ts";
import { changesOf } from "./changes.ts";
import type { Draft, Place } from "./draft.ts";
import { nameToType } from "./find.ts";
import { planKeys } from "./keys.ts";
import type { DesiredProject, Kind, ObservedMonitor, ObservedProject } from "./model.ts";
import { planMonitors } from "./monitors.ts";
import type { Teams } from "./teams.ts";

/** One declared project, as it is on the server or as it will be, and all that is in it. */
export function planProject(
  draft: Draft,
  organization: Place,
  desired: DesiredProject,
  found: ObservedProject | undefined,
  teams: Teams,
  monitors: readonly ObservedMonitor[] | undefined,
): void {
  const slug = found?.slug ?? desired.slug ?? slugify(desired.name);
  const at = { ...organization.at, ...(found === undefined ? {} : { projectSlug: found.slug, projectId: found.id }) };
  const place: Place = { organization: organization.organization, project: slug, at };
  for (const note of desired.notes ?? []) draft.warn(place, note);
  if (found === undefined) {
    if (!create(draft, place, desired, teams)) return;
  } else if (draft.manages.has("project")) update(draft, place, desired, found, teams);

  const managed = <T, O>(kind: Kind, list: readonly T[] | undefined, observed: readonly O[] | undefined) => {
    const problems = desired.problems?.filter((problem) => problem.kind === kind) ?? [];
    for (const { what } of problems) draft.fail(place, what);
    const there = found === undefined ? [] : observed;
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
  const own = monitors?.filter(({ projectId }) => projectId !== null && projectId === found?.id);
  const watched = managed("monitor", desired.monitors, own);
  if (watched !== undefined) planMonitors(draft, place, watched.list, watched.there);
}

function create(draft: Draft, place: Place, desired: DesiredProject, teams: Teams): boolean {
  if (!draft.manages.has("project")) {
    draft.missing(place, `Project '${place.project}' not found in org '${place.organization}', skipping`);
    return false;
  }
  if (!teams.has(desired.team)) {
    draft.missing(place, `Cannot create project '${desired.name}' without a team: there is no '${desired.team}'`);
    return false;
  }
  const { key, name, slug, platform, throttle } = desired;
  const follows = draft.capabilities.projectSlug === "follows the name";
  const ownSlug = slug !== undefined && slug !== slugify(name);
  if (ownSlug && follows) draft.warn(place, `"${slug}" cannot be its address: ${followsTheName(draft)}`);
  const team = teams.addressOf(desired.team);
  draft.act({
    type: "create",
    kind: "project",
    instance: draft.instance,
    organization: place.organization,
    project: place.project,
    name,
    changes: changesOf(undefined, { slug, team, platform, throttle }).filter(({ to }) => to !== undefined),
    at: place.at,
    desired: { key, name, team, platform, throttle, ...(ownSlug && !follows ? { slug } : {}) },
  });
  return true;
}

const followsTheName = ({ capabilities }: Draft): string =>
  `in GlitchTip ${capabilities.generation} a project's address follows its name`;

function update(draft: Draft, place: Place, desired: DesiredProject, found: ObservedProject, teams: Teams): void {
  const { platform, throttle } = desired;
  const name = desired.nameIsDeclared ? desired.name : found.name;
  const follows = draft.capabilities.projectSlug === "follows the name";
  const slug = follows ? undefined : desired.slug;
  if (follows && desired.slug !== undefined && desired.slug !== found.slug && desired.slug !== slugify(name)) {
    draft.warn(place, `its address is "${found.slug}" and not "${desired.slug}": ${followsTheName(draft)}`);
  }
  const team = teams.addressOf(desired.team);
  const linkTeams = desired.teamIsDeclared && !found.teams.includes(team) && teams.has(desired.team) ? [team] : [];
  const there = { name: found.name, slug: found.slug, platform: found.platform, throttle: found.throttle };
  const changes = [
    ...changesOf(there, {
      name,
      slug: slug ?? found.slug,
      platform: platform ?? found.platform,
      throttle: throttle ?? found.throttle,
    }),
    ...changesOf({ teams: found.teams.toSorted() }, { teams: [...found.teams, ...linkTeams].sort() }),
  ];
  if (changes.length === 0) return;
  const renamed = follows && name !== found.name;
  const sent: ProjectUpdate = { name, slug, platform: platform ?? found.platform ?? undefined, throttle, linkTeams };
  draft.act({
    type: "update",
    kind: "project",
    instance: draft.instance,
    organization: place.organization,
    project: found.slug,
    name: found.name,
    changes,
    ...(renamed ? { warning: `${followsTheName(draft)}: it becomes ${slugify(name)}` } : {}),
    at: place.at,
    id: found.id,
    slug: found.slug,
    desired: sent,
  });
}

/** What nobody declared, where the declaration lists all projects. */
export function surplusProjects(
  draft: Draft,
  place: Place,
  others: readonly ObservedProject[],
  all: readonly ObservedProject[],
): void {
  for (const other of others) {
    const at = { ...place.at, projectSlug: other.slug, projectId: other.id };
    const { id, slug } = identityOf(other);
    const confirm = nameToType(other, all);
    draft.surplus("project", { ...place, project: slug, at }, { id, name: other.name, slug }, { confirm });
  }
}
