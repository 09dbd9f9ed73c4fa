import { slugify } from "../glitchtip/wire/slugify.ts";
import type { BodyOf } from "./action.ts";
import { changesOf } from "./action.ts";
import type { DesiredProject } from "./desired.ts";
import type { ObservedProject } from "./observed.ts";

/** The actions on organizations, teams and projects: those that provisioning and a full plan have in common. */

export const createOrganization = (name: string): BodyOf<"organization", "create"> => ({
  type: "create",
  kind: "organization",
  name,
  changes: [],
  desired: { name },
});

export const createTeam = (slug: string): BodyOf<"team", "create"> => ({
  type: "create",
  kind: "team",
  name: slug,
  changes: [],
  desired: { slug },
});

export function createProject({
  key,
  name,
  slug,
  team,
  platform,
  throttle,
}: Pick<DesiredProject, "key" | "name" | "slug" | "team" | "platform" | "throttle">): BodyOf<"project", "create"> {
  const ownSlug = slug !== undefined && slug !== slugify(name);
  return {
    type: "create",
    kind: "project",
    name,
    changes: changesOf(undefined, { slug, team, platform, throttle }).filter(({ to }) => to !== undefined),
    desired: { key, name, team, platform, throttle, ...(ownSlug ? { slug } : {}) },
  };
}

/** What a project should have; a field that is left out stays as it is on the server. */
export interface ProjectWish {
  readonly name?: string | undefined;
  readonly slug?: string | undefined;
  readonly platform?: string | undefined;
  readonly throttle?: number | undefined;
  readonly linkTeams: readonly string[];
}

/** Returns undefined where the project has all that is wished. */
export function updateProject(found: ObservedProject, wish: ProjectWish): BodyOf<"project", "update"> | undefined {
  const { name = found.name, slug = found.slug, platform, throttle, linkTeams } = wish;
  const there = { name: found.name, slug: found.slug, platform: found.platform, throttle: found.throttle };
  const changes = [
    ...changesOf(there, { name, slug, platform: platform ?? found.platform, throttle: throttle ?? found.throttle }),
    ...changesOf({ teams: found.teams.toSorted() }, { teams: [...found.teams, ...linkTeams].sort() }),
  ];
  if (changes.length === 0) return undefined;
  return {
    type: "update",
    kind: "project",
    name: found.name,
    changes,
    id: found.id,
    slug: found.slug,
    // Without its slug, 4.1 derives a new one from the name (projects scenario: "update name keeps the slug").
    desired: { name, slug, platform: platform ?? found.platform ?? undefined, throttle, linkTeams },
  };
}
