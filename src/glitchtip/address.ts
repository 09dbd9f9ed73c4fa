import { CodedError } from "../base/errors.ts";

/** Returns a slug or an id for use in a path. The server accepts slugs that it cannot address (`Not A Slug!`, projects scenario). */
export function address(slug: string): string {
  if (/^[A-Za-z0-9_-]+$/.test(slug)) return slug;
  throw new CodedError("GC1403", `the server's address "${slug}" cannot be used in a path`, {
    remedy: "Give it a slug of letters, digits, - and _ in GlitchTip's settings.",
  });
}

export const organizationPath = (organization: string): string => `/api/0/organizations/${address(organization)}/`;

/** Returns the page of GlitchTip's own interface with the issues of a project, or of the whole organization. */
export const issuesPage = (url: string, organization: string, projectId?: string): string =>
  `${url.replace(/\/$/, "")}/${organization}/issues${projectId === undefined ? "" : `?project=${projectId}`}`;

export const eventPage = (url: string, organization: string, issueId: string, eventId: string): string =>
  `${issuesPage(url, organization)}/${issueId}/events/${eventId}`;

export const teamPath = (organization: string, team: string): string =>
  `/api/0/teams/${address(organization)}/${address(team)}/`;

export const projectPath = (organization: string, project: string): string =>
  `/api/0/projects/${address(organization)}/${address(project)}/`;
