import type { Command } from "commander";
import { CodedError } from "../../base/errors.ts";
import { sendTestMail } from "../../checks/index.ts";
import { openDocker } from "../../docker/index.ts";
import { readWorkspace } from "../../workspace/index.ts";
import type { CliCommand } from "../command.ts";
import { withProgress } from "../screen.ts";

interface Flags {
  readonly to?: string;
}

export default {
  actions: ["test"],
  flags: (command: Command) =>
    command
      .argument("[what]", "test: send a mail", "test")
      .option("--to <address>", "who gets it; default: the administrator"),
  async run(context, { to: given }, [what = "test"]) {
    if (what !== "test") {
      throw new CodedError("GC1001", `mail: there is no action "${what}"`, {
        remedy: "Type: npx glitchtip-compose mail test",
      });
    }
    const project = readWorkspace(context.dir);
    const to = given ?? project.declaration.admin?.email;
    if (to === undefined) {
      throw new CodedError("GC1001", "no option says who gets the mail", { remedy: "Add --to ADDRESS." });
    }
    await withProgress(context, `sending a test mail to ${to}`, () =>
      sendTestMail(openDocker(context), project, to, context.env),
    );
    context.print(context.json ? JSON.stringify({ sent: true, to }) : `the mail server accepted a test mail to ${to}`);
  },
} satisfies CliCommand<Flags>;
