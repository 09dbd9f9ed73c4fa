import type { Calls } from "../../src/glitchtip/calls/index.ts";
import type { HttpMethod } from "../../src/http/http.ts";
import { key, organization, project, team, withId } from "./promised.ts";
import { each, nothing, only, type Row } from "./recorded.ts";

/** A call of the client: the pattern of its recorded requests, how to make it, and what it has to return. */
export interface CallOf {
  readonly method: HttpMethod;
  readonly path: RegExp;
  ask(calls: Calls, at: (index: number) => string, sent: never): Promise<unknown>;
  promise(body: never): unknown;
}

const projectOfAccount = (row: Row) => ({ ...project(row), organization: organization(row.organization as Row) });
/** The fields that a PUT sends back, although no schema so far has them. */
const wholeOrganization = (row: Row) => ({
  ...organization(row),
  unmanaged: only(row, "isEarlyAdopter", "require2fa", "isAcceptingEvents", "openMembership", "eventThrottleRate"),
});
const wholeProject = (row: Row) => ({ ...project(row), unmanaged: only(row, "isPublic", "scrubIPAddresses") });
/** Returns an alert in the client's normal form. */
const alert = (row: Row) => ({
  ...withId(row, "name", "timespanMinutes", "quantity", "uptime"),
  recipients: (row.alertRecipients as Row[]).map(({ recipientType, url }) => ({ type: recipientType, url })),
});
const monitor = (row: Row) => ({
  ...withId(row, "name", "monitorType", "url", "expectedStatus", "expectedBody", "interval", "timeout"),
  ...("project" in row ? { project: row.project === null ? null : String(row.project) } : {}),
  ...only(row, "projectID"),
});
const member = (row: Row) => withId(row, "email", "role", "pending", "isOwner", "teams");
/** No recorded status page has monitors: only the web pages of the administrator attach them. */
const page = (row: Row) => only(row, "name", "slug", "isPublic", "monitors");

const ORG = "/api/0/organizations/([^/]+)/";
const PROJECT = "/api/0/projects/([^/]+)/([^/]+)/";
const exactly = (path: string) => new RegExp(`^${path}$`);
const get = (path: string, ask: CallOf["ask"], promise: CallOf["promise"]): CallOf => ({
  method: "GET",
  path: exactly(path),
  ask,
  promise,
});
const remove = (path: string, ask: CallOf["ask"]): CallOf => ({
  method: "DELETE",
  path: exactly(path),
  ask,
  promise: nothing,
});
const write = (method: HttpMethod, path: string, ask: CallOf["ask"], promise: CallOf["promise"]): CallOf => ({
  method,
  path: exactly(path),
  ask,
  promise,
});

async function firstPage<T>(pages: AsyncIterable<T>): Promise<T | undefined> {
  for await (const one of pages) return one;
  return undefined;
}

/** All calls that have a recorded request of their own. */
export const CALLS: Readonly<Record<string, CallOf>> = {
  "server.settings": get(
    "/api/settings/",
    (calls) => calls.server.settings(),
    (row: Row) => only(row, "version", "enableUserRegistration", "enableOrganizationCreation"),
  ),
  "server.tokenScopes": get(
    "/api/0/",
    (calls) => calls.server.tokenScopes(),
    ({ auth }: Row) => (auth as Row | null)?.scopes,
  ),
  "server.account": get(
    "/api/0/users/me/",
    (calls) => calls.server.account(),
    (row: Row) => withId(row, "email"),
  ),
  "organizations.get": get(ORG, (calls, at) => calls.organizations.get(at(1)), wholeOrganization),
  "organizations.rename": write(
    "PUT",
    ORG,
    (calls, at, { name }: { name: string }) => calls.organizations.rename({ slug: at(1) }, name),
    organization,
  ),
  "organizations.delete": remove(ORG, (calls, at) => calls.organizations.delete(at(1))),
  "teams.rename": write(
    "PUT",
    "/api/0/teams/([^/]+)/([^/]+)/",
    (calls, at, { slug }: { slug: string }) => calls.teams.rename(at(1), at(2), slug),
    team,
  ),
  "teams.delete": remove("/api/0/teams/([^/]+)/([^/]+)/", (calls, at) => calls.teams.delete(at(1), at(2))),
  "teams.members": get(
    "/api/0/teams/([^/]+)/([^/]+)/members/",
    (calls, at) => calls.teams.members(at(1), at(2)),
    each(member),
  ),
  "projects.pages": get(
    "/api/0/organizations/([^/]+)/projects/",
    (calls, at) => firstPage(calls.projects.pages(at(1))),
    each(project),
  ),
  "projects.pagesOfAccount": get(
    "/api/0/projects/",
    (calls) => firstPage(calls.projects.pagesOfAccount()),
    each(projectOfAccount),
  ),
  "projects.get": get(PROJECT, (calls, at) => calls.projects.get(at(1), at(2)), wholeProject),
  "projects.update": write(
    "PUT",
    PROJECT,
    (calls, at, sent) => calls.projects.update(at(1), { slug: at(2) }, sent),
    project,
  ),
  "projects.delete": remove(PROJECT, (calls, at) => calls.projects.delete(at(1), at(2))),
  "projects.unlinkTeam": remove(`${PROJECT}teams/([^/]+)/`, (calls, at) =>
    calls.projects.unlinkTeam(at(1), at(2), at(3)),
  ),
  "keys.list": get(`${PROJECT}keys/`, (calls, at) => calls.keys.list(at(1), at(2)), each(key)),
  "keys.create": write("POST", `${PROJECT}keys/`, (calls, at, sent) => calls.keys.create(at(1), at(2), sent), key),
  "keys.update": write(
    "PUT",
    `${PROJECT}keys/([^/]+)/`,
    (calls, at, sent) => calls.keys.update(at(1), at(2), at(3), sent),
    key,
  ),
  "alerts.list": get(`${PROJECT}alerts/`, (calls, at) => calls.alerts.list(at(1), at(2)), each(alert)),
  "alerts.create": write(
    "POST",
    `${PROJECT}alerts/`,
    (calls, at, sent) => calls.alerts.create(at(1), at(2), sent),
    alert,
  ),
  "alerts.update": write(
    "PUT",
    `${PROJECT}alerts/(\\d+)/`,
    (calls, at, sent) => calls.alerts.update(at(1), at(2), at(3), sent),
    alert,
  ),
  "alerts.delete": remove(`${PROJECT}alerts/(\\d+)/`, (calls, at) => calls.alerts.delete(at(1), at(2), at(3))),
  "monitors.list": get(`${ORG}monitors/`, (calls, at) => calls.monitors.list(at(1)), each(monitor)),
  "monitors.create": write("POST", `${ORG}monitors/`, (calls, at, sent) => calls.monitors.create(at(1), sent), monitor),
  "monitors.get": get(`${ORG}monitors/(\\w+)/`, (calls, at) => calls.monitors.get(at(1), at(2)), monitor),
  "monitors.update": write(
    "PUT",
    `${ORG}monitors/(\\w+)/`,
    (calls, at, sent) => calls.monitors.update(at(1), at(2), sent),
    monitor,
  ),
  "monitors.delete": remove(`${ORG}monitors/(\\w+)/`, (calls, at) => calls.monitors.delete(at(1), at(2))),
  "statusPages.list": get(`${ORG}status-pages/`, (calls, at) => calls.statusPages.list(at(1)), each(page)),
  "statusPages.create": write(
    "POST",
    `${ORG}status-pages/`,
    (calls, at, sent) => calls.statusPages.create(at(1), sent),
    page,
  ),
  "members.list": get(`${ORG}members/`, (calls, at) => calls.members.list(at(1)), each(member)),
  "members.get": get(`${ORG}members/(\\w+)/`, (calls, at) => calls.members.get(at(1), at(2)), member),
  "members.invite": write(
    "POST",
    `${ORG}members/`,
    (calls, at, { email, orgRole, teamRoles }: { email: string; orgRole: string; teamRoles: { teamSlug: string }[] }) =>
      calls.members.invite(at(1), { email, role: orgRole, teams: teamRoles.map(({ teamSlug }) => teamSlug) }),
    member,
  ),
  "members.setRole": write(
    "PUT",
    `${ORG}members/(\\w+)/`,
    (calls, at, { orgRole }: { orgRole: string }) => calls.members.setRole(at(1), at(2), orgRole, []),
    member,
  ),
  "members.delete": remove(`${ORG}members/(\\w+)/`, (calls, at) => calls.members.delete(at(1), at(2))),
  "members.joinTeam": write(
    "POST",
    `${ORG}members/(\\w+)/teams/([^/]+)/`,
    (calls, at) => calls.members.joinTeam(at(1), at(2), at(3)),
    nothing,
  ),
  "members.leaveTeam": remove(`${ORG}members/(\\w+)/teams/([^/]+)/`, (calls, at) =>
    calls.members.leaveTeam(at(1), at(2), at(3)),
  ),
};
