import { address, organizationPath, projectPath, teamPath } from "../address.ts";
import type { Requests } from "../requests.ts";
import { managedProjectShape, projectOfAccountShape } from "../wire/managed.ts";
import { projectShape } from "../wire/shapes.ts";

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
