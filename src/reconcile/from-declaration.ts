import {
  type OrganizationPart,
  organizationParts,
  type Path,
  type ServerPart,
  serverParts,
} from "../config/inside/parts.ts";
import type { Declaration } from "../config/schema.ts";
import { desiredMonitor, desiredProject, reference } from "./declared-project.ts";
import type { DesiredOrganization, DesiredServer, Reference } from "./model.ts";
import { type Scope, scopeOf } from "./scope.ts";

/** What the declaration wants of each of its servers; secrets are still references. `instance` names the one at the top. */
export const desiredServers = (declaration: Declaration, instance: string): DesiredServer<Reference>[] =>
  serverParts(declaration).map((part) => desiredServer(part, declaration.name ?? instance));

function desiredServer(part: ServerPart, instance: string): DesiredServer<Reference> {
  const { name, connection, body, path } = part;
  const scope = scopeOf(body.manage);
  const at = part.name === undefined ? ["server"] : path;
  const { url, token, ca, timeoutMs = 30_000, retries = 3, allowPrivateAddresses = false } = connection;
  return {
    name: name ?? instance,
    ...(url === undefined ? {} : { url }),
    ...(token === undefined ? {} : { token: reference(token, [...at, "token"]) }),
    ...(ca === undefined ? {} : { ca }),
    timeoutMs,
    retries,
    prune: body.prune ?? false,
    allowPrivateAddresses,
    manages: scope.kinds,
    listsOrganizations: scope.lists("organizations", body.organizations !== undefined),
    organizations: organizationParts(part).map((one) => desiredOrganization(one, connection, scope, at)),
  };
}

type Connection = ServerPart["connection"];

function desiredOrganization(
  { name, body, path }: OrganizationPart,
  connection: Connection,
  scope: Scope,
  server: Path,
): DesiredOrganization<Reference> {
  const { slug, teams, members, monitors, statusPages, projects } = body;
  return {
    name,
    slug,
    teams: scope.list("teams", teams, (team) => team),
    members: scope.list("members", members, (member) => member),
    // Those of no project are not in the way of anybody who manages the projects' ones.
    monitors: monitors && scope.list("monitors", monitors, (one, at) => desiredMonitor(one, [...path, "monitors", at])),
    statusPages: scope.list("statusPages", statusPages, (page) => page),
    listsProjects: scope.lists("projects", projects !== undefined),
    projects: Object.entries(projects ?? {}).map(([key, project]) =>
      desiredProject(key, project, [...path, "projects", key], connection, scope, server),
    ),
  };
}
