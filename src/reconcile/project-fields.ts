import { slugify } from "../glitchtip/wire/slugify.ts";
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
  const ownSlug = slug !== undefined && slug !== slugify(name);
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
    desired: { key, name, team, platform, throttle, ...(ownSlug ? { slug } : {}) },
  });
  return true;
}

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
  const slug = desired.slug ?? found.slug;
  const team = teams.addressOf(desired.team);
  const linkTeams = desired.teamIsDeclared && !found.teams.includes(team) && teams.has(desired.team) ? [team] : [];
  const there = { name: found.name, slug: found.slug, platform: found.platform, throttle: found.throttle };
  const changes = [
    ...changesOf(there, {
      name,
      slug,
      platform: platform ?? found.platform,
      throttle: throttle ?? found.throttle,
    }),
    ...changesOf({ teams: found.teams.toSorted() }, { teams: [...found.teams, ...linkTeams].sort() }),
  ];
  if (changes.length === 0) return;
  // Without its slug 4.1 would make a new one of the name (projects: "update name keeps the slug").
  const sent: ProjectUpdate = { name, slug, platform: platform ?? found.platform ?? undefined, throttle, linkTeams };
  draft.act({
    type: "update",
    kind: "project",
    instance: draft.instance,
    organization: place.organization,
    project: found.slug,
    name: found.name,
    changes,
    at: place.at,
    id: found.id,
    slug: found.slug,
    desired: sent,
  });
}
