import { slugify } from "../../glitchtip/wire/slugify.ts";
import type { ProjectUpdate } from "./action.ts";
import { changesOf } from "./changes.ts";
import type { Draft, Place } from "./draft.ts";
import type { DesiredProject, ObservedProject } from "./model.ts";
import type { Teams } from "./teams.ts";

/** Plans a new one; false where it cannot be made, and nothing in it either. */
export function makeProject(draft: Draft, place: Place, desired: DesiredProject, teams: Teams): boolean {
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

/** Plans what differs of its own fields. */
export function setFields(
  draft: Draft,
  place: Place,
  desired: DesiredProject,
  found: ObservedProject,
  teams: Teams,
): void {
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
