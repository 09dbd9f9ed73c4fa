import { CodedError } from "../base/errors.ts";
import { Secret } from "../base/secret.ts";
import { AnswerError } from "../glitchtip/answers.ts";
import { createOnce } from "../glitchtip/retry.ts";
import type { ServerMember } from "../glitchtip/wire/managed.ts";
import { type ActionOn, type AppliedNote, type ApplyAction, type ApplyRun, isGone } from "./apply-context.ts";

export const applyMember: ApplyAction<"member"> = async (run, action) => {
  const { calls, addresses } = run;
  const organization = addresses.organization(action);
  switch (action.type) {
    case "create":
      return await invite(run, organization, action);
    case "update":
      try {
        await change(run, organization, action.id, action.desired);
        return {};
      } catch (error) {
        if (!isGone(error)) throw error;
        // A member who left and was invited again has another id.
        const found = await findByEmail(run, organization, action.name);
        if (found === undefined || found.id === action.id) throw error;
        await change(run, organization, found.id, action.desired);
        return { note: `number ${action.id} was gone; number ${found.id} was changed` };
      }
    case "delete":
      await handOver(run, organization, action.id, action.name);
      await calls.members.delete(organization, action.id);
      return {};
  }
};

/**
 * Makes somebody else the owner of record before that member is deleted. GlitchTip lets another owner delete the owner of
 * record, and then answers 500 to every request for members (run on 5.2; the source of 6 reads the same).
 */
async function handOver({ calls }: ApplyRun, organization: string, id: string, name: string): Promise<void> {
  const leaving = await calls.members.get(organization, id).catch((error: unknown) => {
    if (isGone(error)) return undefined;
    throw error;
  });
  if (!leaving?.isOwner) return;
  const all = await calls.members.list(organization);
  const heirs = all.filter((member) => member.id !== id && member.role === "owner" && !member.pending);
  const heir = heirs.toSorted((a, b) => Number(a.id) - Number(b.id))[0];
  if (heir === undefined) {
    throw new CodedError("GC1305", `${name} is the owner of record, and nobody else has the role`, {
      remedy: "Declare another member as owner, and apply again.",
    });
  }
  await calls.members.setOwner(organization, heir.id);
}

async function change(
  { calls }: ApplyRun,
  organization: string,
  id: string,
  {
    role,
    join,
    leave,
  }: { readonly role?: string; readonly join: readonly string[]; readonly leave: readonly string[] },
): Promise<void> {
  if (role !== undefined) {
    const { teams = [] } = await calls.members.get(organization, id);
    await calls.members.setRole(organization, id, role, teams);
  }
  for (const team of join) await calls.members.joinTeam(organization, id, team);
  for (const team of leave) await calls.members.leaveTeam(organization, id, team);
}

async function findByEmail(
  { calls }: ApplyRun,
  organization: string,
  email: string,
): Promise<ServerMember | undefined> {
  const all = await calls.members.list(organization);
  return all.find((member) => member.email.toLowerCase() === email.toLowerCase());
}

async function invite(
  run: ApplyRun,
  organization: string,
  { desired }: Extract<ActionOn<"member">, { readonly type: "create" }>,
): Promise<AppliedNote> {
  const { calls } = run;
  const look = () => findByEmail(run, organization, desired.email);
  // What a failed invitation left behind may lack its teams.
  const complete = async () => {
    const found = await look();
    if (found !== undefined) await change(run, organization, found.id, { join: desired.teams, leave: [] });
    return found;
  };
  try {
    return handOff(await createOnce(run, () => calls.members.invite(organization, desired), complete));
  } catch (error) {
    if (!(error instanceof AnswerError) || error.status !== 409) throw explainRefusedInvitation(error, desired.email);
    // The person joined meanwhile, so only role and teams are left to set.
    const found = await look();
    if (found === undefined) throw error;
    const role = found.role === desired.role ? {} : { role: desired.role };
    await change(run, organization, found.id, { ...role, join: desired.teams, leave: [] });
    return { note: "was a member already" };
  }
}

function explainRefusedInvitation(error: unknown, email: string): unknown {
  if (!(error instanceof AnswerError)) return error;
  if (error.code === "GC1305" && /existing users/i.test(error.said)) return registrationClosed(email, error);
  if (error.status === 500) return withoutValkey(email, error);
  return error.code === "GC1207" ? tooMany(email, error) : error;
}

const WHERE =
  "the invitation's link is in the e-mail, and with EMAIL_URL=consolemail:// in the log of the web container (docker compose logs glitchtip)";

/**
 * GlitchTip 6 returns the invitation's link (read in its source); up to 5.2 only the e-mail has it (members scenario).
 */
function handOff({ pending, inviteLink }: ServerMember): AppliedNote {
  if (pending === false) return {};
  return inviteLink ? { inviteLink: new Secret(inviteLink) } : { note: WHERE };
}

/** A real 5.2 without Valkey answers every invitation with 500 and creates none. */
const withoutValkey = (email: string, cause: AnswerError): CodedError =>
  new CodedError("GC1205", `${email} cannot be invited: ${cause.message}`, {
    remedy:
      "GlitchTip 5.2 answers all invitations so where it runs without Valkey (server.valkey: bundled gives it one); else see the server's log: docker compose logs glitchtip",
    cause,
  });

/** A real 5.2 accepted 50 of 56 invitations at once. */
const tooMany = (email: string, cause: AnswerError): CodedError =>
  new CodedError("GC1207", `${email} cannot be invited yet: ${cause.said}`, {
    remedy:
      "GlitchTip takes 50 invitations in five minutes (EMAIL_THROTTLE_COUNT, EMAIL_THROTTLE_INTERVAL): wait, then run the command again.",
    cause,
  });

const registrationClosed = (email: string, cause: AnswerError): CodedError =>
  new CodedError("GC1305", `${email} cannot be invited: ${cause.said}`, {
    remedy:
      "Registration is closed, so only people with an account can be invited. Let them create one first, or open registration for that time (server.registration: open, ENABLE_USER_REGISTRATION=true).",
    cause,
  });
