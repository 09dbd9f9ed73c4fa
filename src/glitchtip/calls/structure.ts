import { defined } from "../../base/defined.ts";
import { address, organizationPath, projectPath, teamPath } from "../address.ts";
import type { Requests } from "../requests.ts";
import {
  type ManagedProject,
  managedKeyShape,
  managedProjectShape,
  memberShape,
  projectOfAccountShape,
  wholeOrganizationShape,
  wholeProjectShape,
} from "../wire/managed.ts";
import { organizationShape, projectShape, teamShape } from "../wire/shapes.ts";
import type { Fields } from "../wire/unmanaged.ts";

const ALL = "/api/0/organizations/";

interface OrganizationBefore {
  readonly slug: string;
  readonly unmanaged?: Fields;
}

export const organizationCalls = (requests: Requests) => ({
  list: () => requests.list(ALL, organizationShape),
  /** A duplicate name creates a second organization (organizations scenario). */
  create: (name: string) => requests.post(ALL, { name }, organizationShape),
  get: (slug: string) => requests.get(organizationPath(slug), wholeOrganizationShape),
  /** Changes the name and sends back the other fields of `before`; the slug stays. */
  rename: ({ slug, unmanaged }: OrganizationBefore, name: string) =>
    requests.put(organizationPath(slug), { ...unmanaged, name }, organizationShape, {
      idempotent: true,
    }),
  /** In 6 the slug is reserved until a worker has removed the organization (read). */
  delete: (slug: string) => requests.delete(organizationPath(slug)),
});

export const teamCalls = (requests: Requests) => ({
  list: (organization: string) => requests.list(`${organizationPath(organization)}teams/`, teamShape),
  /** A duplicate slug is answered with 500 (teams scenario). */
  create: (organization: string, slug: string) =>
    requests.post(`${organizationPath(organization)}teams/`, { slug }, teamShape),
  /** The slug of a team is its name. */
  rename: (organization: string, team: string, slug: string) =>
    requests.put(teamPath(organization, team), { slug }, teamShape),
  delete: (organization: string, team: string) => requests.delete(teamPath(organization, team)),
  members: (organization: string, team: string) =>
    requests.list(`${teamPath(organization, team)}members/`, memberShape),
});

/** What a PUT sets: `name` is required. The other fields are sent as they were read, so that no generation resets them. */
export interface ProjectChange {
  readonly name: string;
  /** It is always sent: without it 4.1 makes a new slug from the name (projects scenario). */
  readonly slug: string;
  readonly platform?: string | null | undefined;
  readonly eventThrottleRate?: number | undefined;
}

type ProjectBefore = Pick<ManagedProject, "slug" | "platform" | "eventThrottleRate" | "unmanaged">;

export const projectCalls = (requests: Requests) => ({
  /** Lists projects with their teams. Deleted ones, which the organization's detail still shows, are missing (organizations scenario). */
  list: (organization: string) => requests.list(`${organizationPath(organization)}projects/`, managedProjectShape),
  pages: (organization: string) => requests.pages(`${organizationPath(organization)}projects/`, managedProjectShape),
  /** Lists the projects of all organizations, each with its organization and without teams. */
  pagesOfAccount: () => requests.pages("/api/0/projects/", projectOfAccountShape),
  /** The server ignores a slug and a throttle rate here (projects scenario). */
  create: (
    organization: string,
    team: string,
    { name, platform }: { name: string; platform?: string | null | undefined },
  ) =>
    requests.post(
      `${teamPath(organization, team)}projects/`,
      { name, ...defined({ platform: platform ?? undefined }) },
      managedProjectShape,
    ),
  get: (organization: string, slug: string) => requests.get(projectPath(organization, slug), wholeProjectShape),
  /** Sends back what the change leaves out, as `before` has it. */
  update: (organization: string, { slug, ...before }: ProjectBefore, change: ProjectChange) => {
    const { platform = before.platform, eventThrottleRate = before.eventThrottleRate } = change;
    const whole = {
      ...before.unmanaged,
      ...change,
      ...defined({ platform: platform ?? undefined, eventThrottleRate: eventThrottleRate ?? undefined }),
    };
    return requests.put(projectPath(organization, slug), whole, managedProjectShape, {
      idempotent: change.slug === slug,
    });
  },
  delete: (organization: string, slug: string) => requests.delete(projectPath(organization, slug)),
  /** A link that exists is no error (project-teams scenario). */
  async linkTeam(organization: string, project: string, team: string): Promise<void> {
    const path = `${projectPath(organization, project)}teams/${address(team)}/`;
    await requests.post(path, {}, projectShape, { idempotent: true });
  },
  unlinkTeam: (organization: string, project: string, team: string) =>
    requests.delete(`${projectPath(organization, project)}teams/${address(team)}/`),
});

export interface KeyInput {
  /** Without a name the server answers 500 (keys scenario). */
  readonly name: string;
  /** The key accepts at most `count` events in `window` seconds. */
  readonly rateLimit?: { readonly window: number; readonly count: number } | null | undefined;
}

const keysPath = (organization: string, project: string) => `${projectPath(organization, project)}keys/`;

export const keyCalls = (requests: Requests) => ({
  list: (organization: string, project: string) => requests.list(keysPath(organization, project), managedKeyShape),
  create: (organization: string, project: string, input: KeyInput) =>
    requests.post(keysPath(organization, project), input, managedKeyShape),
  /** Up to 5.2 the answer is 200 and nothing changes (keys scenario), so callers compare the answer. */
  update: (organization: string, project: string, id: string, input: KeyInput) =>
    requests.put(`${keysPath(organization, project)}${address(id)}/`, input, managedKeyShape, { idempotent: true }),
  /** Deletes a key at once. A key that does not exist is no error. */
  delete: (organization: string, project: string, id: string) =>
    requests.delete(`${keysPath(organization, project)}${address(id)}/`),
});
