import { CodedError } from "../../base/errors.ts";
import type { Account, Accounts } from "../../running/index.ts";
import { accountsOf, requireOrganizationRole } from "../accounts.ts";
import { requireArguments, requireWord } from "../arguments.ts";
import type { CliCommand } from "../command.ts";
import { agreed, type ConfirmationFlags, withConfirmation } from "../confirmation.ts";
import type { CliContext } from "../context.ts";
import { paintFor } from "../screen.ts";
import { newPassword } from "../secret-input.ts";
import { table } from "../table.ts";

interface Flags extends ConfirmationFlags {
  readonly name?: string;
  readonly email?: string;
  readonly superuser?: boolean;
  readonly staff?: boolean;
  /** False by --no-password. */
  readonly password: boolean;
  readonly passwordFile?: string;
}

interface ActionCall {
  readonly context: CliContext;
  readonly accounts: Accounts;
  readonly flags: Flags;
  readonly words: readonly string[];
}

type Done = { readonly said: string; readonly account: Account } | undefined;

const SWITCHES = ["superuser", "staff", "active"] as const;

/** Actions that change one account. Each returns what to say, or undefined where nothing was done. */
const ACTIONS: Readonly<Record<string, (call: ActionCall) => Promise<Done>>> = {
  create,
  update,
  delete: remove,
  password,
  role,
  superuser: (call) => flag(call, "superuser"),
  staff: (call) => flag(call, "staff"),
  active: (call) => flag(call, "active"),
};

const ALL = ["list", "info", "organizations", ...Object.keys(ACTIONS)];

export default {
  actions: ALL,
  flags: (command) =>
    withConfirmation(
      command
        .argument("<action>", ALL.join(", "))
        .argument("[words...]", "EMAIL; for role: EMAIL ORGANIZATION ROLE; for superuser, staff, active: EMAIL on|off")
        .option("--name <name>", "for create and update")
        .option("--email <address>", "for update: the new address")
        .option("--superuser", "for create: may do everything on this server")
        .option("--staff", "for create: may use the admin pages")
        .option(
          "--password-file <path>",
          "for create and password: a file whose first line is the password; - for stdin",
        )
        .option("--no-password", "for create: no password; the user resets it, or signs in through a provider"),
      "user",
    ),
  async run(context, flags, [action = "", ...words]) {
    const name = requireWord(ALL, action, "the action");
    const accounts = accountsOf(context);
    if (name === "list") {
      requireArguments("user list", [], words);
      return print(context, await accounts.do("user list", {}));
    }
    const act = ACTIONS[name];
    if (act === undefined) {
      const [email] = requireArguments(`user ${name}`, ["email"], words);
      const account = await accounts.do("user info", { email });
      if (name === "info") print(context, [account], account);
      else printOrganizations(context, account);
      return;
    }
    const done = await act({ context, accounts, flags, words });
    if (done === undefined) return;
    const { dryRun = false } = flags;
    if (context.json) context.print(JSON.stringify({ action: name, dryRun, user: done.account }));
    else context.print(`${dryRun ? "would be: " : ""}${done.said}`);
  },
} satisfies CliCommand<Flags>;

function print(context: CliContext, accounts: readonly Account[], data: unknown = { users: accounts }): void {
  if (context.json) {
    context.print(JSON.stringify(data));
    return;
  }
  const paint = paintFor(context);
  const rows = accounts.map(({ email, name, superuser, staff, active, lastLogin, organizations }) => [
    email,
    name || "-",
    [superuser ? "superuser" : staff ? "staff" : "", active ? "" : paint("bad", "off")].filter(Boolean).join(", ") ||
      "-",
    lastLogin?.slice(0, 10) ?? "never",
    organizations.map(({ slug, role: its }) => `${slug} (${its})`).join(", ") || "-",
  ]);
  context.print(table([["EMAIL", "NAME", "RIGHTS", "LAST SIGN-IN", "ORGANIZATIONS"], ...rows]));
}

function printOrganizations(context: CliContext, { organizations }: Account): void {
  if (context.json) {
    context.print(JSON.stringify({ organizations }));
    return;
  }
  const rows = organizations.map(({ slug, name, role: its }) => [slug, name, its]);
  context.print(rows.length === 0 ? "a member of no organization" : table([["SLUG", "NAME", "ROLE"], ...rows]));
}

async function create({ context, accounts, flags, words }: ActionCall): Promise<Done> {
  const [email] = requireArguments("user create", ["email"], words);
  const { name, superuser, staff, dryRun = false } = flags;
  const password = flags.password && !dryRun ? { password: await newPassword(context, email, flags.passwordFile) } : {};
  const args = { email, ...(name && { name }), ...(superuser && { superuser }), ...(staff && { staff }), ...password };
  return { said: `created ${email}`, account: await accounts.do("user create", args, { dryRun }) };
}

async function update({
  accounts,
  flags: { name, email: newEmail, dryRun = false },
  words,
}: ActionCall): Promise<Done> {
  const [email] = requireArguments("user update", ["email"], words);
  if (name === undefined && newEmail === undefined) {
    throw new CodedError("GC1001", "no option says what to update", { remedy: "Give --name or --email." });
  }
  const args = { email, ...(name !== undefined && { name }), ...(newEmail !== undefined && { newEmail }) };
  return { said: `updated ${newEmail ?? email}`, account: await accounts.do("user update", args, { dryRun }) };
}

async function remove({ context, accounts, flags, words }: ActionCall): Promise<Done> {
  const [email] = requireArguments("user delete", ["email"], words);
  // A dry run refuses what cannot be deleted before the question is asked.
  const account = await accounts.do("user delete", { email }, { dryRun: true });
  const said = `deleted ${account.email}`;
  if (flags.dryRun) return { said, account };
  const of = account.organizations.map(({ slug }) => slug);
  const text = `${account.email} is deleted${of.length === 0 ? "" : `, a member of ${of.join(", ")}`}.`;
  if (!(await agreed(context, flags, { text, name: account.email }))) return undefined;
  return { said, account: await accounts.do("user delete", { email }) };
}

async function password({
  context,
  accounts,
  flags: { passwordFile, dryRun = false },
  words,
}: ActionCall): Promise<Done> {
  const [email] = requireArguments("user password", ["email"], words);
  const args = { email, password: await newPassword(context, email, passwordFile) };
  const account = await accounts.do("user password", args, { dryRun });
  return { said: `${account.email} has a new password`, account };
}

async function role({ accounts, flags: { dryRun = false }, words }: ActionCall): Promise<Done> {
  const [email, organization, given] = requireArguments("user role", ["email", "organization", "role"], words);
  const account = await accounts.do(
    "user role",
    { email, organization, role: requireOrganizationRole(given) },
    { dryRun },
  );
  return { said: `${account.email} is ${given} of ${organization}`, account };
}

async function flag(
  { accounts, flags: { dryRun = false }, words }: ActionCall,
  of: (typeof SWITCHES)[number],
): Promise<Done> {
  const [email, given] = requireArguments(`user ${of}`, ["email", "on|off"], words);
  const value = requireWord(["on", "off"], given, of) === "on";
  const account = await accounts.do("user flag", { email, flag: of, value }, { dryRun });
  return { said: `${account.email}: ${of} ${given}`, account };
}
