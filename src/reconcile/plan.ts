import { identityOf, sameObject } from "../glitchtip/identity.ts";
import type { Generation } from "../glitchtip/versions.ts";
import type { Plan } from "./action.ts";
import type { DesiredOrganization, DesiredProject, DesiredServer } from "./desired.ts";
import { type Draft, openDraft, type PlanPlace } from "./draft.ts";
import { type KnownOrganization, type KnownServer, type Matches, matchObjects, namesToType, own } from "./matching.ts";
import { planMembers } from "./members.ts";
import { orphanedMonitors, planMonitors, planStatusPages } from "./monitors.ts";
import type { ObservedMonitor, ObservedOrganization, ObservedProject, ObservedServer } from "./observed.ts";
import { planProject, surplusProjects } from "./projects.ts";
import { createOrganization } from "./structure.ts";
import { planTeams, type Teams } from "./teams.ts";

export interface PlanOptions {
  readonly generation: Generation;
  /** What is declared and missing, and may not be created, is an error instead of a warning. */
  readonly strict: boolean;
  readonly known: KnownServer;
}

/**
 * Returns the difference between what is wanted and what is there. The function is pure: the same input gives the same
 * plan in the same order.
 */
export function planServer(desired: DesiredServer, observed: ObservedServer, options: PlanOptions): Plan {
  const draft = openDraft(desired, options);
  const knownOrganizations = options.known.organizations;
  const wanted = desired.organizations.map(({ name, slug }) => ({ key: name, name, slug }));
  const matches = matchObjects(wanted, observed.organizations, (name) => own(knownOrganizations, name));
  const known: Record<string, KnownOrganization> = {};
  for (const organization of desired.organizations) {
    const { name } = organization;
    const found = matches.byKey.get(name);
    if (!hasPlace(draft, organization, found, matches)) continue;
    // An organization that is declared by a new name, and found by its slug, is remembered by its old name.
    const before =
      found &&
      (own(knownOrganizations, name) ?? Object.values(knownOrganizations).find((one) => sameObject(one, found)));
    const others = Object.values(knownOrganizations).filter((one) => one !== before);
    const seen = planOrganization(draft, organization, found, before, others, observed.account);
    if (found !== undefined) known[name] = { ...identityOf(found), ...seen };
  }
  if (desired.listsOrganizations && draft.manages.has("organization")) {
    const toType = namesToType(observed.organizations);
    for (const other of matches.others) {
      const place = { organization: other.name, at: { organizationSlug: other.slug } };
      const confirm = toType(other);
      draft.surplus("organization", place, other, { confirm });
    }
  }
  return { ...draft.finish(), known: { organizations: known } };
}

/** Returns whether there is, or will be, an organization to plan in. */
function hasPlace(
  draft: Draft,
  { name, slug }: DesiredOrganization,
  found: ObservedOrganization | undefined,
  { ambiguous }: Matches<ObservedOrganization>,
): boolean {
  const place = { organization: name };
  const several = ambiguous.get(name);
  if (several !== undefined) {
    draft.fail(place, `${several.length} organizations are called "${name}": ${several.join(", ")}; declare its slug`);
  } else if (found === undefined && !draft.manages.has("organization")) {
    draft.missing(place, `Organization '${name}' not found in instance '${draft.instance}', skipping`);
  } else if (found === undefined) {
    if (slug !== undefined) draft.warn(place, `GlitchTip decides an organization's slug: it may not be "${slug}"`);
    draft.act({ ...place, at: {} }, createOrganization(name));
    return true;
  } else {
    if (found.name !== name) rename(draft, name, slug, found);
    return true;
  }
  return false;
}

/** With a declared slug the declared name is wanted; without one, somebody renamed the organization on the server. */
function rename(draft: Draft, name: string, slug: string | undefined, found: ObservedOrganization): void {
  const place = { organization: name, at: { organizationSlug: found.slug } };
  if (slug !== found.slug || !draft.manages.has("organization")) {
    draft.warn(
      place,
      `organization "${name}" is called "${found.name}" on the server now, and is still managed; to follow the rename in the declaration: write that name, or its slug: ${found.slug}`,
    );
    return;
  }
  draft.act(place, {
    type: "update",
    kind: "organization",
    name,
    changes: [{ field: "name", from: found.name, to: name }],
    id: found.id,
    slug: found.slug,
    desired: { name },
  });
}

/**
 * Plans all that is declared in one organization, which is there or will be created. Returns the identities of what was
 * found again.
 */
function planOrganization(
  draft: Draft,
  desired: DesiredOrganization,
  found: ObservedOrganization | undefined,
  known: KnownOrganization | undefined,
  others: readonly KnownOrganization[],
  account: string | undefined,
): Pick<KnownOrganization, "projects" | "teams" | "statusPages"> {
  const place: PlanPlace = { organization: desired.name, at: found ? { organizationSlug: found.slug } : {} };
  const observed = found?.projects ?? [];
  const matches = matchObjects(desired.projects, observed, (key) => own(known?.projects ?? {}, key));
  const needed = desired.projects.filter((project) => needsTeam(draft, project, matches));
  const needs = needed.map(({ team }) => team);
  const teams = planTeams(draft, place, desired, found, known, needs);
  const there = found ?? NEW_ORGANIZATION;
  const missing =
    there.projects && desired.projects.filter(({ key }) => !matches.byKey.has(key) && !matches.ambiguous.has(key));
  const orphans = orphanedMonitors(missing ?? [], desired.monitors ?? [], there.monitors ?? []);
  const adopted = new Set([...orphans.values()].flat());
  const free = there.monitors?.filter((one) => one.projectId === null && !adopted.has(one));
  planOutsideProjects(draft, place, desired, { ...there, monitors: free }, teams, account);
  const pages = planPages(draft, place, desired, there, known, others);
  if (there.projects === undefined) return { projects: {}, teams: teams.known, ...pages };

  const monitorsOf = byProject(there.monitors);
  for (const project of desired.projects) {
    const several = matches.ambiguous.get(project.key);
    if (several === undefined) {
      const left = orphans.get(project.key) ?? [];
      planProject(draft, place, project, matches.byKey.get(project.key), teams, monitorsOf, left);
    } else {
      const what = `${several.length} projects are called "${project.name}": ${several.join(", ")}; declare its slug`;
      draft.fail({ ...place, project: project.slug ?? project.key }, what);
    }
  }
  if (desired.listsProjects && draft.manages.has("project")) surplusProjects(draft, place, matches.others, observed);
  const projects = [...matches.byKey].map(([key, project]) => [key, identityOf(project)] as const);
  return { projects: Object.fromEntries(projects), teams: teams.known, ...pages };
}

type Contents = Pick<ObservedOrganization, "members" | "monitors" | "statusPages" | "projects">;

const NEW_ORGANIZATION: Contents = { members: [], monitors: [], statusPages: [], projects: [] };

/** Plans what an organization has beside its projects. A list that was not read is not planned; its reader has said why. */
function planOutsideProjects(
  draft: Draft,
  place: PlanPlace,
  { members, monitors, problems }: DesiredOrganization,
  there: Contents,
  teams: Teams,
  account: string | undefined,
): void {
  if (members && there.members) {
    const addressed = members.map((one) => (one.teams ? { ...one, teams: one.teams.map(teams.addressOf) } : one));
    planMembers(draft, place, addressed, there.members, account);
  }
  for (const { what } of problems ?? []) draft.fail(place, what);
  if (monitors && there.monitors && problems === undefined) {
    planMonitors(draft, place, monitors, there.monitors);
  }
}

/** Plans the status pages. Returns what is to be remembered of them, which is all that is known where they were not read. */
function planPages(
  draft: Draft,
  place: PlanPlace,
  { statusPages: wanted }: DesiredOrganization,
  there: Contents,
  known: KnownOrganization | undefined,
  others: readonly KnownOrganization[],
): Pick<KnownOrganization, "statusPages"> {
  const before = known?.statusPages ?? [];
  const read = wanted && there.statusPages;
  const statusPages = read
    ? planStatusPages(draft, place, wanted, read, {
        isOurs: (name) => before.includes(name),
        ofOthers: (name) => others.filter((one) => one.statusPages?.includes(name)).length,
      })
    : before;
  return statusPages.length === 0 ? {} : { statusPages };
}

/** The returned function gives the monitors of a project, or undefined where monitors were not read. */
function byProject(monitors: readonly ObservedMonitor[] | undefined) {
  const all = new Map<string | null, ObservedMonitor[]>();
  for (const one of monitors ?? []) {
    const same = all.get(one.projectId);
    if (same === undefined) all.set(one.projectId, [one]);
    else same.push(one);
  }
  return ({ id }: ObservedProject) => monitors && (all.get(id) ?? []);
}

const needsTeam = (draft: Draft, project: DesiredProject, { byKey, ambiguous }: Matches<ObservedProject>): boolean =>
  draft.manages.has("project") && !ambiguous.has(project.key) && (project.teamIsDeclared || !byKey.has(project.key));
