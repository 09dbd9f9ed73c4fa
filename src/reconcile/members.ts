import { changesOf } from "./action.ts";
import type { DesiredMember } from "./desired.ts";
import type { Draft, PlanPlace } from "./draft.ts";
import { byId, byText } from "./matching.ts";
import type { ObservedMember } from "./observed.ts";

const sameEmail = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase();

/** Plans the members of one organization. Addresses are compared case-insensitively, as the server does at sign-in. */
export function planMembers(
  draft: Draft,
  place: PlanPlace,
  desired: readonly DesiredMember[],
  observed: readonly ObservedMember[],
  account: string | undefined,
): void {
  const isAccount = ({ email }: ObservedMember) => account !== undefined && sameEmail(email, account);
  const wantedOf = ({ email }: ObservedMember) => desired.find((wanted) => sameEmail(wanted.email, email));
  const stays = (member: ObservedMember) => wantedOf(member) !== undefined || isAccount(member) || !draft.server.prune;
  const roleAfter = (member: ObservedMember) =>
    isAccount(member) ? member.role : (wantedOf(member)?.role ?? member.role);
  const there = observed.filter(({ pending }) => !pending);
  const owners = there.filter(({ role }) => role === "owner");
  // People who are only invited may never join, so they do not count as owners.
  const ownersAfter = there.filter((member) => stays(member) && roleAfter(member) === "owner");
  const keptOwner =
    ownersAfter.length > 0 ? undefined : owners.toSorted((a, b) => byText(a.email, b.email) || byId(a.id, b.id))[0];

  for (const wanted of desired) {
    const [found] = observed
      .filter(({ email }) => sameEmail(email, wanted.email))
      .sort((a, b) => Number(a.pending) - Number(b.pending) || byId(a.id, b.id));
    if (found === undefined) invite(draft, place, wanted);
    else update(draft, place, wanted, found, { isAccount: isAccount(found), isLastOwner: found === keptOwner });
  }
  for (const member of observed) {
    if (wantedOf(member) !== undefined) continue;
    if (isAccount(member)) continue;
    if (member !== keptOwner) draft.surplus("member", place, { id: member.id, name: member.email });
    else draft.warn(place, `${member.email} is not declared and stays: the last owner of an organization`);
  }
}

function invite(draft: Draft, place: PlanPlace, { email, role, teams = [] }: DesiredMember): void {
  draft.act(place, {
    type: "create",
    kind: "member",
    name: email,
    changes: changesOf(undefined, { role, teams: teams.toSorted() }),
    desired: { email, role, teams },
  });
}

function update(
  draft: Draft,
  place: PlanPlace,
  { email, role, teams }: DesiredMember,
  found: ObservedMember,
  { isAccount, isLastOwner }: { isAccount: boolean; isLastOwner: boolean },
): void {
  const reason = isAccount ? "the token belongs to this account" : "the last owner of an organization";
  const keepsRole = found.role !== role && (isAccount || isLastOwner);
  if (keepsRole) draft.warn(place, `${email} stays ${found.role}, declared is ${role}: ${reason}`);
  const changesRole = found.role !== role && !keepsRole;
  const there = found.teams ?? [];
  // Memberships that were not read are not planned.
  const wanted = found.teams === undefined ? [] : (teams ?? there);
  const join = wanted.filter((slug) => !there.includes(slug)).toSorted();
  const leave = there.filter((slug) => !wanted.includes(slug)).toSorted();
  if (!changesRole && join.length === 0 && leave.length === 0) return;
  draft.act(place, {
    type: "update",
    kind: "member",
    name: email,
    changes: [
      ...(changesRole ? changesOf({ role: found.role }, { role }) : []),
      ...changesOf({ teams: there.toSorted() }, { teams: wanted.toSorted() }),
    ],
    id: found.id,
    desired: { ...(changesRole ? { role } : {}), join, leave },
  });
}
