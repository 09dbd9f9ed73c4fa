import type { Secret } from "../base/secret.ts";
import type { Clock } from "../base/wait.ts";
import { address, organizationPath, projectPath } from "./address.ts";
import { readAnswer } from "./answers.ts";
import { keyCalls, organizationCalls, projectCalls, teamCalls } from "./calls/structure.ts";
import { openRequests, type RequestContext } from "./requests.ts";
import type { Transport } from "./transport.ts";
import type { Key, Organization, Project, StoredEvent, Team } from "./wire/shapes.ts";
import { eventShape, issueEventShape, issueShape, rootShape } from "./wire/shapes.ts";

/** What a provisioner asks of a GlitchTip with a token. Slugs are addresses, ids are identity. */
export interface GlitchTip {
  /** Returns the scopes of the token, or undefined where it is not accepted (api-tokens scenario). */
  tokenScopes(): Promise<readonly string[] | undefined>;
  organizations(): Promise<Organization[]>;
  createOrganization(name: string): Promise<Organization>;
  teams(organization: string): Promise<Team[]>;
  createTeam(organization: string, slug: string): Promise<Team>;
  /** Lists projects with their teams. Deleted ones, which the organization's detail still shows, are missing (organizations scenario). */
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
  /** Deletes a key at once. A key that does not exist is no error. */
  deleteKey(organization: string, project: string, id: string): Promise<void>;
  /** Returns an event by the id that was sent (32 hex digits), or undefined until the worker has stored it (ingest scenario). */
  event(organization: string, project: string, eventId: string): Promise<StoredEvent | undefined>;
  /** Yields the ids of an issue's events, as they were sent, page by page. */
  issueEvents(id: string): AsyncGenerator<readonly string[], void, void>;
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
  return openClientOf(rest, () => ({ authorization: `Bearer ${token.reveal()}` }));
}

/** Opens a client whose requests carry these headers, such as those of a session. */
export function openClientOf(context: ClientContext, headers: RequestContext["headers"]): GlitchTip {
  const requests = openRequests({ ...context, headers });
  const organizations = organizationCalls(requests);
  const teams = teamCalls(requests);
  const projects = projectCalls(requests);
  const keys = keyCalls(requests);
  return {
    tokenScopes: async () => (await requests.get("/api/0/", rootShape)).auth?.scopes,
    organizations: organizations.list,
    createOrganization: organizations.create,
    teams: teams.list,
    createTeam: teams.create,
    projects: projects.list,
    createProject: projects.create,
    deleteProject: projects.delete,
    linkTeam: projects.linkTeam,
    keys: keys.list,
    createKey: (organization, project, name) => keys.create(organization, project, { name }),
    deleteKey: keys.delete,
    async event(organization, project, eventId) {
      const path = `${projectPath(organization, project)}events/${eventId}/`;
      const answer = await requests.raw("GET", path);
      return answer.status === 404 ? undefined : readAnswer("GET", requests.baseUrl + path, answer, eventShape);
    },
    async *issueEvents(id) {
      yield* requests.pages(`/api/0/issues/${address(id)}/events/`, issueEventShape);
    },
    async resolveIssue(organization, id) {
      // In 4.1 the path without the organization does not support PUT.
      await requests.put(`${organizationPath(organization)}issues/${address(id)}/`, { status: "resolved" }, issueShape);
    },
    deleteIssue: (id) => requests.delete(`/api/0/issues/${address(id)}/`),
  };
}
