import { organizationPath, teamPath } from "../address.ts";
import type { Requests } from "../requests.ts";
import { memberShape } from "../wire/managed.ts";
import { teamShape } from "../wire/shapes.ts";

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
