import { address, organizationPath } from "../address.ts";
import type { Requests } from "../requests.ts";
import { accountShape, memberShape } from "../wire/managed.ts";
import { rootShape, settingsShape, teamShape } from "../wire/shapes.ts";

export interface Invitation {
  readonly email: string;
  readonly role: string;
  /** Slugs of the teams. */
  readonly teams: readonly string[];
}

const membersPath = (organization: string) => `${organizationPath(organization)}members/`;
const memberPath = (organization: string, id: string) => `${membersPath(organization)}${address(id)}/`;
const inTeam = (organization: string, id: string, team: string) =>
  `${memberPath(organization, id)}teams/${address(team)}/`;

export const memberCalls = (requests: Requests) => ({
  /** Lists the members without their teams. */
  list: (organization: string) => requests.list(membersPath(organization), memberShape),
  get: (organization: string, id: string) => requests.get(memberPath(organization, id), memberShape),
  /** A repeated invitation returns the same member; 409 comes only for one who has accepted (members scenario). */
  invite: (organization: string, { email, role, teams }: Invitation) =>
    requests.post(
      membersPath(organization),
      { email, orgRole: role, teamRoles: teams.map((teamSlug) => ({ teamSlug, role: "member" })) },
      memberShape,
    ),
  /** Changes the role and sends back the slugs of the teams, which no generation so far reads. */
  setRole: (organization: string, id: string, role: string, teams: readonly string[]) =>
    requests.put(
      memberPath(organization, id),
      { orgRole: role, teamRoles: teams.map((teamSlug) => ({ teamSlug, role: "" })) },
      memberShape,
      { idempotent: true },
    ),
  /** Sets the owner of record: one member beside all who have the role. Only an owner may do so. */
  async setOwner(organization: string, id: string): Promise<void> {
    await requests.post(`${memberPath(organization, id)}set_owner/`, {}, memberShape, { idempotent: true });
  },
  /** The owner of record cannot be deleted: 400 (members scenario). */
  delete: (organization: string, id: string) => requests.delete(memberPath(organization, id)),
  async joinTeam(organization: string, id: string, team: string): Promise<void> {
    await requests.post(inTeam(organization, id, team), {}, teamShape, { idempotent: true });
  },
  leaveTeam: (organization: string, id: string, team: string) => requests.delete(inTeam(organization, id, team)),
});

export const serverCalls = (requests: Requests) => ({
  /** Needs no token. A server built from sources reports 0.0.0-unknown (readiness scenario). */
  settings: () => requests.get("/api/settings/", settingsShape),
  /** Returns the scopes of the token, or undefined where it is not accepted (api-tokens scenario). */
  tokenScopes: async () => (await requests.get("/api/0/", rootShape)).auth?.scopes,
  /** Returns the account of the token. */
  account: () => requests.get("/api/0/users/me/", accountShape),
});
