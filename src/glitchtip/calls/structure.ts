import { address, organizationPath, projectPath, teamPath } from "../address.ts";
import type { Requests } from "../requests.ts";
import { managedKeyShape, managedProjectShape, memberShape, projectOfAccountShape } from "../wire/managed.ts";
import { organizationShape, projectShape, teamShape } from "../wire/shapes.ts";

const ALL = "/api/0/organizations/";

export const organizationCalls = (requests: Requests) => ({
  list: () => requests.list(ALL, organizationShape),
  /** A duplicate name is no error: it makes a second one (organizations scenario). */
  create: (name: string) => requests.post(ALL, { name }, organizationShape),
  /** The slug stays. */
  rename: (slug: string, name: string) =>
    requests.put(organizationPath(slug), { name }, organizationShape, { harmless: true }),
  /** In 6 the slug stays taken until a worker has removed it (read). */
  delete: (slug: string) => requests.delete(organizationPath(slug)),
});

export const teamCalls = (requests: Requests) => ({
  list: (organization: string) => requests.list(`${organizationPath(organization)}teams/`, teamShape),
  /** A duplicate is a 500 (teams scenario). */
  create: (organization: string, slug: string) =>
    requests.post(`${organizationPath(organization)}teams/`, { slug }, teamShape),
  /** Its slug is its name. */
  rename: (organization: string, team: string, slug: string) =>
    requests.put(teamPath(organization, team), { slug }, teamShape),
  delete: (organization: string, team: string) => requests.delete(teamPath(organization, team)),
  members: (organization: string, team: string) =>
    requests.list(`${teamPath(organization, team)}members/`, memberShape),
});

/** All that a PUT sets: `name` is required, what is left out stays. */
export interface ProjectChange {
  readonly name: string;
  /** Sent always: 4.1 makes a new one from the name when it is left out (projects scenario). */
  readonly slug: string;
  readonly platform?: string | null | undefined;
  readonly eventThrottleRate?: number | undefined;
}

export const projectCalls = (requests: Requests) => ({
  /** With their teams; without the deleted ones, which the organization's detail still shows (organizations scenario). */
  list: (organization: string) => requests.list(`${organizationPath(organization)}projects/`, managedProjectShape),
  pages: (organization: string) => requests.pages(`${organizationPath(organization)}projects/`, managedProjectShape),
  /** Over all organizations, each with its organization and without teams. */
  pagesOfAccount: () => requests.pages("/api/0/projects/", projectOfAccountShape),
  /** Neither a slug nor a throttle rate is taken here (projects scenario). */
  create: (
    organization: string,
    team: string,
    { name, platform }: { name: string; platform?: string | null | undefined },
  ) =>
    requests.post(
      `${teamPath(organization, team)}projects/`,
      { name, ...(platform == null ? {} : { platform }) },
      managedProjectShape,
    ),
  get: (organization: string, slug: string) => requests.get(projectPath(organization, slug), managedProjectShape),
  update: (organization: string, slug: string, change: ProjectChange) =>
    requests.put(projectPath(organization, slug), change, managedProjectShape, { harmless: change.slug === slug }),
  delete: (organization: string, slug: string) => requests.delete(projectPath(organization, slug)),
  /** Again is no error (project-teams scenario). */
  async linkTeam(organization: string, project: string, team: string): Promise<void> {
    const path = `${projectPath(organization, project)}teams/${address(team)}/`;
    await requests.post(path, {}, projectShape, { harmless: true });
  },
  unlinkTeam: (organization: string, project: string, team: string) =>
    requests.delete(`${projectPath(organization, project)}teams/${address(team)}/`),
});

export interface KeyInput {
  /** Without a name the server fails with 500 (keys scenario). */
  readonly name: string;
  /** Seconds, and how many events in them. */
  readonly rateLimit?: { readonly window: number; readonly count: number } | null | undefined;
}

const keysPath = (organization: string, project: string) => `${projectPath(organization, project)}keys/`;

export const keyCalls = (requests: Requests) => ({
  list: (organization: string, project: string) => requests.list(keysPath(organization, project), managedKeyShape),
  create: (organization: string, project: string, input: KeyInput) =>
    requests.post(keysPath(organization, project), input, managedKeyShape),
  /** Up to 5.2 the answer is 200 and nothing changes (keys scenario): what is wanted has to be in the answer. */
  update: (organization: string, project: string, id: string, input: KeyInput) =>
    requests.put(`${keysPath(organization, project)}${address(id)}/`, input, managedKeyShape, { harmless: true }),
  /** At once; one that is gone already is no error. */
  delete: (organization: string, project: string, id: string) =>
    requests.delete(`${keysPath(organization, project)}${address(id)}/`),
});
