import { CodedError } from "../base/errors.ts";
import type { Account, Accounts } from "../running/index.ts";
import { deletes, oneOf, roleOf, wordsOf } from "./accounts.ts";
import type { CliContext } from "./context.ts";
import { newPassword } from "./new-password.ts";

export interface UserFlags {
  readonly name?: string;
  readonly email?: string;
  readonly superuser?: boolean;
  readonly staff?: boolean;
  /** False by --no-password. */
  readonly password: boolean;
  readonly passwordFile?: string;
  readonly dryRun?: boolean;
  readonly yesDelete?: string;
}

export interface Call {
  readonly context: CliContext;
  readonly accounts: Accounts;
  readonly flags: UserFlags;
  readonly words: readonly string[];
}

type Done = { readonly said: string; readonly account: Account } | undefined;

const SWITCHES = ["superuser", "staff", "active"] as const;

/** What changes one account, and what is said of it. */
export const ACTIONS: Readonly<Record<string, (call: Call) => Promise<Done>>> = {
  create,
  update,
  delete: remove,
  password,
  role,
  superuser: (call) => flag(call, "superuser"),
  staff: (call) => flag(call, "staff"),
  active: (call) => flag(call, "active"),
};

async function create({ context, accounts, flags, words }: Call): Promise<Done> {
  const [email] = wordsOf("user create", ["email"], words);
  const { name, superuser, staff, dryRun = false } = flags;
  const password = flags.password && !dryRun ? { password: await newPassword(context, email, flags.passwordFile) } : {};
  const args = { email, ...(name && { name }), ...(superuser && { superuser }), ...(staff && { staff }), ...password };
  return { said: `made ${email}`, account: await accounts.do("user create", args, { dryRun }) };
}

async function update({ accounts, flags: { name, email: newEmail, dryRun = false }, words }: Call): Promise<Done> {
  const [email] = wordsOf("user update", ["email"], words);
  if (name === undefined && newEmail === undefined) {
    throw new CodedError("GC1001", "it is not said what to update", { remedy: "Give --name or --email." });
  }
  const args = { email, ...(name !== undefined && { name }), ...(newEmail !== undefined && { newEmail }) };
  return { said: `updated ${newEmail ?? email}`, account: await accounts.do("user update", args, { dryRun }) };
}

async function remove({ context, accounts, flags: { dryRun = false, yesDelete }, words }: Call): Promise<Done> {
  const [email] = wordsOf("user delete", ["email"], words);
  // The refusals come before the question.
  const account = await accounts.do("user delete", { email }, { dryRun: true });
  const said = `deleted ${account.email}`;
  if (dryRun) return { said, account };
  const of = account.organizations.map(({ slug }) => slug);
  const question = `${account.email} is deleted${of.length === 0 ? "" : `, a member of ${of.join(", ")}`}.`;
  if (!(await deletes(context, question, account.email, yesDelete))) return undefined;
  return { said, account: await accounts.do("user delete", { email }) };
}

async function password({ context, accounts, flags: { passwordFile, dryRun = false }, words }: Call): Promise<Done> {
  const [email] = wordsOf("user password", ["email"], words);
  const args = { email, password: await newPassword(context, email, passwordFile) };
  const account = await accounts.do("user password", args, { dryRun });
  return { said: `${account.email} has a new password`, account };
}

async function role({ accounts, flags: { dryRun = false }, words }: Call): Promise<Done> {
  const [email, organization, given] = wordsOf("user role", ["email", "organization", "role"], words);
  const account = await accounts.do("user role", { email, organization, role: roleOf(given) }, { dryRun });
  return { said: `${account.email} is ${given} of ${organization}`, account };
}

async function flag(
  { accounts, flags: { dryRun = false }, words }: Call,
  of: (typeof SWITCHES)[number],
): Promise<Done> {
  const [email, given] = wordsOf(`user ${of}`, ["email", "on|off"], words);
  const value = oneOf(["on", "off"], given, of) === "on";
  const account = await accounts.do("user flag", { email, flag: of, value }, { dryRun });
  return { said: `${account.email}: ${of} ${given}`, account };
}
