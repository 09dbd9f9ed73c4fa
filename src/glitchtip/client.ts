import { CodedError } from "../base/errors.ts";
import type { Secret } from "../base/secret.ts";
import type { Clock } from "../base/wait.ts";
import { readAnswer } from "./answers.ts";
import { openRequests } from "./requests.ts";
import type { Transport } from "./transport.ts";
import {
  eventShape,
  issueShape,
  type Key,
  keyShape,
  type Organization,
  organizationShape,
  type Project,
  projectShape,
  type StoredEvent,
  type Team,
  teamShape,
} from "./wire/shapes.ts";

/** What a provisioner asks of a GlitchTip once it has a token. Slugs are addresses, ids are identity. */
export interface GlitchTip {
  organizations(): Promise<Organization[]>;
  createOrganization(name: string): Promise<Organization>;
  teams(organization: string): Promise<Team[]>;
  createTeam(organization: string, slug: string): Promise<Team>;
  /** With their teams; without the deleted ones, which the organization's detail still shows (organizations scenario). */
  projects(organization: string): Promise<Project[]>;
  createProject(
    organization: string,
    team: string,
    project: { name: string; platform?: string | undefined },
  ): Promise<Project>;
  deleteProject(organization: string, slug: string): Promise<void>;
  linkTeam(organization: string, project: string, team: string): Promise<void>;
  keys(organization: string, project: string): Promise<Key[]>;
  createKey(organization: string, project: string, name: string): Promise<Key>;
  /** At once; one that is gone already is no error. */
  deleteKey(organization: string, project: string, id: string): Promise<void>;
  /** By the id that was sent, 32 hex digits; undefined until the worker has stored it (ingest scenario). */
  event(organization: string, project: string, eventId: string): Promise<StoredEvent | undefined>;
  resolveIssue(organization: string, id: string): Promise<void>;
  deleteIssue(id: string): Promise<void>;
}

export interface ClientContext {
  readonly transport: Transport;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

export function openClient(context: ClientContext & { readonly token: Secret }): GlitchTip {
  const { token, ...rest } = context;
  const requests = openRequests({ ...rest, headers: () => ({ authorization: `Bearer ${token.reveal()}` }) });
  const org = (slug: string) => `/api/0/organizations/${address(slug)}`;
  const project = (slug: string, projectSlug: string) => `/api/0/projects/${address(slug)}/${address(projectSlug)}`;
  return {
    organizations: () => requests.list("/api/0/organizations/", organizationShape),
    createOrganization: (name) => requests.post("/api/0/organizations/", { name }, organizationShape),
    teams: (slug) => requests.list(`${org(slug)}/teams/`, teamShape),
    createTeam: (slug, team) => requests.post(`${org(slug)}/teams/`, { slug: team }, teamShape),
    projects: (slug) => requests.list(`${org(slug)}/projects/`, projectShape),
    createProject: (slug, team, { name, platform }) =>
      requests.post(
        `/api/0/teams/${address(slug)}/${address(team)}/projects/`,
        { name, ...(platform === undefined ? {} : { platform }) },
        projectShape,
      ),
    deleteProject: (slug, projectSlug) => requests.delete(`${project(slug, projectSlug)}/`),
    async linkTeam(slug, projectSlug, team) {
      await requests.post(`${project(slug, projectSlug)}/teams/${address(team)}/`, {}, projectShape);
    },
    keys: (slug, projectSlug) => requests.list(`${project(slug, projectSlug)}/keys/`, keyShape),
    // Without a name the server fails with 500 (keys scenario).
    createKey: (slug, projectSlug, name) => requests.post(`${project(slug, projectSlug)}/keys/`, { name }, keyShape),
    deleteKey: (slug, projectSlug, id) => requests.delete(`${project(slug, projectSlug)}/keys/${address(id)}/`),
    async event(slug, projectSlug, eventId) {
      const path = `${project(slug, projectSlug)}/events/${eventId}/`;
      const answer = await requests.raw("GET", path);
      return answer.status === 404 ? undefined : readAnswer("GET", requests.baseUrl + path, answer, eventShape);
    },
    async resolveIssue(slug, id) {
      // The address without the organization takes no PUT in 4.1.
      await requests.put(`${org(slug)}/issues/${address(id)}/`, { status: "resolved" }, issueShape);
    },
    deleteIssue: (id) => requests.delete(`/api/0/issues/${address(id)}/`),
  };
}

/** A slug in a path. The server accepts slugs that it cannot address (`Not A Slug!`, projects scenario). */
function address(slug: string): string {
  if (/^[A-Za-z0-9_-]+$/.test(slug)) return slug;
  throw new CodedError("GC1403", `the server's address "${slug}" cannot be used in a path`, {
    remedy: "Give it a slug of letters, digits, - and _ in GlitchTip's settings.",
  });
}
