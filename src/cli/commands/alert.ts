import { cleanLine } from "../../base/clean.ts";
import { CodedError } from "../../base/errors.ts";
import type { TestedRecipient } from "../../glitchtip/calls/alerts.ts";
import { declaredServers, testAlert } from "../../management/index.ts";
import { requireArguments } from "../arguments.ts";
import type { CliCommand } from "../command.ts";
import { withProgress } from "../screen.ts";
import { openDeclared, type ServerFlags, withServerOptions } from "../server-options.ts";

interface Flags extends ServerFlags {
  readonly project?: string;
}

function linesOf(project: string, name: string, recipients: readonly TestedRecipient[]): string[] {
  const of = (wanted: string) => recipients.filter(({ status }) => status === wanted).map((one) => one.recipientType);
  const [sent, skipped] = [of("sent"), of("skipped")];
  return [
    ...(sent.length === 0 ? [] : [`${project}: a test of "${name}" went to ${sent.join(", ")}`]),
    ...(skipped.length === 0 ? [] : [`${project}: GlitchTip sends no test by ${skipped.join(", ")}`]),
    ...(recipients.length === 0
      ? [`${project}: "${name}" has no recipients of its own: GlitchTip mails the whole team, which is not tested`]
      : []),
  ];
}

export default {
  actions: ["test"],
  flags: (command) =>
    withServerOptions(
      command
        .argument("<words...>", "the alert's name; test may stand before it")
        .option("--project <project>", "the alert's project: its key in the declaration, its name or slug"),
    ),
  async run(context, flags, words) {
    const { project } = flags;
    const [name] = requireArguments(
      "alert test",
      ["name"],
      words.length > 1 && words[0] === "test" ? words.slice(1) : words,
    );
    if (project === undefined) {
      throw new CodedError("GC1001", "the alert's project is missing", { remedy: "Add --project PROJECT." });
    }
    const declared = declaredServers(context.dir, flags);
    if (declared.length > 1) {
      const names = declared.map(({ desired }) => desired.name).join(", ");
      throw new CodedError("GC1001", "several servers are declared", { remedy: `Add --instance, one of ${names}` });
    }
    await using servers = openDeclared(context, declared);
    const [one] = await withProgress(context, `testing alert ${name}`, () =>
      servers.each((connected, of) => testAlert(of, connected, { name, project })),
    );
    if (one === undefined || "error" in one) throw one?.error ?? new CodedError("GC1901", "no server was asked");
    const { recipients, ...where } = one.result;
    const failed = recipients.filter(({ status }) => status === "error");
    if (context.json) context.print(JSON.stringify({ tested: true, ...where, recipients }));
    else for (const line of linesOf(where.project, name, recipients)) context.print(cleanLine(line));
    if (failed.length === 0) return;
    throw new CodedError("GC1609", `the test of "${name}" did not arrive everywhere`, {
      problems: failed.map(({ recipientType, message }) =>
        cleanLine(`${recipientType}: ${message ?? "no reason given"}`),
      ),
      remedy: "Look at the address, and whether GlitchTip reaches it: npx glitchtip-compose logs web --errors",
    });
  },
} satisfies CliCommand<Flags>;
