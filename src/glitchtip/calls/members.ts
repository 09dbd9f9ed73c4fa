import { address, organizationPath } from "../address.ts";
import type { Requests } from "../requests.ts";
import { accountShape, memberShape } from "../wire/managed.ts";
import { rootShape, settingsShape, teamShape } from "../wire/shapes.ts";

export interface Invitation {
  readonly email: string;
  readonly role: string;
  /** Slugs. */
  readonly teams: readonly string[];
}

const membersPath = (organization: string) => `${organizationPath(organization)}members/`;
const memberPath = (organization: string, id: string) => `${membersPath(organization)}${address(id)}/`;
const inTeam = (organization: string, id: string, team: string) =>
  `${memberPath(organization, id)}teams/${address(team)}/`;

export const memberCalls = (requests: Requests) => ({
  /** Without their teams. */
  list: (organization: string) => requests.list(membersPath(organization), memberShape),
  get: (organization: string, id: string) => requests.get(memberPath(organization, id), memberShape),
  /** Repeated: the same member again, 409 only for one who has accepted (members scenario). */
  invite: (organization: string, { email, role, teams }: Invitation) =>
    requests.post(
      membersPath(organization),
      { email, orgRole: role, teamRoles: teams.map((teamSlug) => ({ teamSlug, role: "member" })) },
      memberShape,
    ),
  /** Teams are not touched. */
  setRole: (organization: string, id: string, role: string) =>
    requests.put(memberPath(organization, id), { orgRole: role, teamRoles: [] }, memberShape, { harmless: true }),
  /** The owner of record, of whom there is one beside all that have the role. Only an owner may say so. */
  async setOwner(organization: string, id: string): Promise<void> {
    await requests.post(`${memberPath(organization, id)}set_owner/`, {}, memberShape, { harmless: true });
  },
  /** The owner of record cannot delete itself: 400 (members scenario). */
  delete: (organization: string, id: string) => requests.delete(memberPath(organization, id)),
  async joinTeam(organization: string, id: string, team: string): Promise<void> {
    await requests.post(inTeam(organization, id, team), {}, teamShape, { harmless: true });
  },
  leaveTeam: (organization: string, id: string, team: string) => requests.delete(inTeam(organization, id, team)),
});

export const serverCalls = (requests: Requests) => ({
  /** Needs no token. A server built from sources says 0.0.0-unknown (readiness scenario). */
  settings: () => requests.get("/api/settings/", settingsShape),
  /** What the token may do; undefined where it is not accepted (api-tokens scenario). */
  tokenScopes: async () => (await requests.get("/api/0/", rootShape)).auth?.scopes,
  /** The token's. */
  account: () => requests.get("/api/0/users/me/", accountShape),
});
