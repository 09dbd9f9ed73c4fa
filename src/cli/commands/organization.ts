import { CodedError } from "../../base/errors.ts";
import type { OrganizationMembers } from "../../running/index.ts";
import { accountsOf, requireOrganizationRole } from "../accounts.ts";
import { requireArguments, requireWord } from "../arguments.ts";
import type { CliCommand } from "../command.ts";
import { agreed, type ConfirmationFlags, withConfirmation } from "../confirmation.ts";
import type { CliContext } from "../context.ts";
import { table } from "../table.ts";

interface Flags extends ConfirmationFlags {
  readonly owner?: string;
  readonly role: string;
}

const ACTIONS = ["list", "info", "create", "add", "remove"] as const;

export default {
  actions: ACTIONS,
  flags: (command) =>
    withConfirmation(
      command
        .argument("<action>", ACTIONS.join(", "))
        .argument("[words...]", "for info: ORGANIZATION; for create: NAME; for add and remove: ORGANIZATION EMAIL")
        .option("--owner <email>", "for create: an existing user")
        .option("--role <role>", "for add: member, admin, manager or owner", "member"),
      "organization",
    ),
  async run(context, flags, [given, ...words]) {
    const { owner, role, dryRun = false } = flags;
    const action = requireWord(ACTIONS, given, "the action");
    const accounts = accountsOf(context);
    const say = (said: string, found: OrganizationMembers) => {
      if (context.json) context.print(JSON.stringify({ action, dryRun, organization: found }));
      else context.print(`${dryRun ? "would be: " : ""}${said}`);
    };
    if (action === "list") {
      requireArguments("organization list", [], words);
      return print(context, await accounts.do("organization list", {}));
    }
    if (action === "info") {
      const [name] = requireArguments("organization info", ["organization"], words);
      const found = await accounts.do("organization info", { organization: name });
      if (context.json) context.print(JSON.stringify(found));
      else printMembers(context, found);
      return;
    }
    if (action === "create") {
      const [name] = requireArguments("organization create", ["name"], words);
      if (owner === undefined) {
        throw new CodedError("GC1001", "an organization needs an owner", { remedy: "Add --owner EMAIL." });
      }
      const made = await accounts.do("organization create", { name, owner }, { dryRun });
      return say(`created ${made.name} (${made.slug}), owned by ${owner}`, made);
    }
    const [slug, email] = requireArguments(`organization ${action}`, ["organization", "email"], words);
    if (action === "add") {
      const args = { organization: slug, email, role: requireOrganizationRole(role) };
      return say(`${email} is ${role} of ${slug}`, await accounts.do("organization add", args, { dryRun }));
    }
    const args = { organization: slug, email };
    const after = await accounts.do("organization remove", args, { dryRun: true });
    if (dryRun) return say(`${email} is no member of ${slug} any more`, after);
    if (!(await agreed(context, flags, { text: `${email} leaves ${slug}.`, name: email }))) return;
    say(`${email} is no member of ${slug} any more`, await accounts.do("organization remove", args));
  },
} satisfies CliCommand<Flags>;

function print(context: CliContext, organizations: readonly OrganizationMembers[]): void {
  if (context.json) {
    context.print(JSON.stringify({ organizations }));
    return;
  }
  const rows = organizations.map(({ slug, name, members }) => [
    slug,
    name,
    String(members.length),
    members
      .filter(({ role }) => role === "owner")
      .map(({ email }) => email)
      .join(", ") || "-",
  ]);
  context.print(table([["SLUG", "NAME", "MEMBERS", "OWNERS"], ...rows]));
}

function printMembers(context: CliContext, { members }: OrganizationMembers): void {
  const rows = members.map(({ email, role, pending }) => [email, pending ? `${role} (invited)` : role]);
  context.print(table([["EMAIL", "ROLE"], ...rows]));
}
