import { CodedError } from "../../base/errors.ts";
import { declaredServers } from "../../operations/reconcile/declared.ts";
import { testAlert } from "../../operations/reconcile/test-alert.ts";
import type { CliCommand } from "../command.ts";
import { withProgress } from "../screen.ts";
import { printable } from "../server-changes.ts";
import { openDeclared, type ServerFlags, serverFlags } from "../server-part.ts";

interface Flags extends ServerFlags {
  readonly project?: string;
}

/** Sends a test through an alert's recipients. */
export const alert: CliCommand<Flags> = {
  examples: [
    "glitchtip-compose alert test high-error-rate --project shop-api",
    "glitchtip-compose alert test down --project shop-api --instance prod",
  ],
  flags: (command) =>
    serverFlags(
      command
        .argument("<what>", "test: send one")
        .argument("<name>", "of the alert")
        .option("--project <project>", "whose it is: its key in the declaration, its name or slug"),
    ),
  async run(context, flags, [what = "", name = ""]) {
    const { project } = flags;
    if (what !== "test") {
      throw new CodedError("GC1001", `alert ${what} is nothing it can do`, {
        remedy: `Type: glitchtip-compose alert test ${name || "NAME"} --project PROJECT`,
      });
    }
    if (project === undefined) {
      throw new CodedError("GC1001", "it is not said whose alert it is", { remedy: "Add --project PROJECT." });
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
    const to = recipients.length === 0 ? "the whole team, by mail" : recipients.join(", ");
    context.print(
      context.json
        ? JSON.stringify({ tested: true, ...where, recipients })
        : printable(`${where.project}: a test of "${name}" went to ${to}`),
    );
  },
};
