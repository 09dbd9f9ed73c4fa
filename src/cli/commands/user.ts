import type { Account } from "../../running/index.ts";
import { accountsOf, oneOf, wordsOf } from "../accounts.ts";
import type { CliCommand } from "../command.ts";
import type { CliContext } from "../context.ts";
import { paintFor, table } from "../screen.ts";
import { ACTIONS, type UserFlags } from "../user-actions.ts";

const ALL = ["list", "info", "organizations", ...Object.keys(ACTIONS)];

/** The accounts of the stack's GlitchTip. */
export default {
  flags: (command) =>
    command
      .argument("<action>", ALL.join(", "))
      .argument("[words...]", "EMAIL; for role: EMAIL ORGANIZATION ROLE; for superuser, staff, active: EMAIL on|off")
      .option("--name <name>", "for create and update")
      .option("--email <address>", "for update: the new address")
      .option("--superuser", "for create: may do everything on this server")
      .option("--staff", "for create: may use the admin pages")
      .option("--password-file <path>", "for create and password: its first line; - for what is piped in")
      .option("--no-password", "for create: signs in by a password reset, or by a provider")
      .option("--dry-run", "change nothing; says what it would come to")
      .option("--yes-delete <email>", "for delete: do not ask; the address once more"),
  async run(context, flags, [action = "", ...words]) {
    const name = oneOf(ALL, action, "the action");
    const accounts = accountsOf(context);
    if (name === "list") {
      wordsOf("user list", [], words);
      return print(context, await accounts.do("user list", {}));
    }
    const act = ACTIONS[name];
    if (act === undefined) {
      const [email] = wordsOf(`user ${name}`, ["email"], words);
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
} satisfies CliCommand<UserFlags>;

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
  context.print(table([["EMAIL", "NAME", "MAY", "LAST SIGN-IN", "ORGANIZATIONS"], ...rows]));
}

function printOrganizations(context: CliContext, { organizations }: Account): void {
  if (context.json) {
    context.print(JSON.stringify({ organizations }));
    return;
  }
  const rows = organizations.map(({ slug, name, role: its }) => [slug, name, its]);
  context.print(rows.length === 0 ? "a member of no organization" : table([["SLUG", "NAME", "ROLE"], ...rows]));
}
