import type { World } from "../call.ts";
import { DatabaseError } from "../reply.ts";
import type { Member, Organization, State, Token, User } from "../state.ts";

const NO_OPTIONS = {
  timezone: null,
  stacktraceOrder: null,
  language: null,
  clock24Hours: null,
  preferredTheme: null,
};

export function userView(world: World, user: User) {
  return {
    id: String(user.id),
    options: world.has("emptyOptions") ? {} : NO_OPTIONS,
    username: user.email,
    dateJoined: user.created,
    email: user.email,
    hasPasswordAuth: true,
    identities: [],
    lastLogin: user.lastLogin,
    isSuperuser: user.isSuperuser,
    isActive: true,
    name: "",
  };
}

export const ownUserView = (world: World, user: User) => ({
  ...userView(world, user),
  chatwootIdentifierHash: null,
});

export const tokenView = ({ id, label, scopes, token, created }: Token) => ({ id, label, scopes, token, created });

export const maskedTokenView = (token: Token) => ({ ...tokenView(token), token: `${token.token.slice(0, 4)}…` });

const TITLES = { member: "Member", admin: "Admin", manager: "Manager", owner: "Owner" } as const;

function member(world: World, state: State, row: Member) {
  const user = row.userId === null ? undefined : state.users.get(row.userId);
  return {
    id: String(row.id),
    role: row.role,
    roleName: TITLES[row.role],
    dateCreated: row.created,
    email: user?.email ?? row.email,
    user: user ? userView(world, user) : null,
    pending: user === undefined,
  };
}

/** Without an owner of record, whom another owner has deleted, it fails (run on 5.2, read in 6). */
function isOwner({ ownerMemberId }: Organization, { id }: Member): boolean {
  if (ownerMemberId === null) throw new DatabaseError("the organization has no owner");
  return ownerMemberId === id;
}

export function memberView(world: World, state: State, organization: Organization, row: Member) {
  const shared = member(world, state, row);
  return world.has("listHidesOwner") ? shared : { ...shared, isOwner: isOwner(organization, row) };
}

export function memberDetailView(world: World, state: State, organization: Organization, row: Member) {
  const teams = state.teams.where("organization", organization.id).filter((team) => team.memberIds.includes(row.id));
  return {
    ...member(world, state, row),
    isOwner: isOwner(organization, row),
    teams: teams.map((team) => team.slug),
  };
}
