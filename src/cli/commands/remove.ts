import { removeApp, workspaceDocker } from "../../workspace/index.ts";
import type { CliCommand } from "../command.ts";
import { type ConfirmationFlags, withConfirmation } from "../confirmation.ts";
import { printWorkspaceResult } from "../workspace-report.ts";

export default {
  flags: (command) => withConfirmation(command.argument("<service>", "its name in glitchtip.yaml"), "remove"),
  async run(context, { dryRun = false }, [service = ""]) {
    await printWorkspaceResult(
      context,
      await removeApp({ ...context, docker: workspaceDocker(context) }, service, { dryRun }),
    );
  },
} satisfies CliCommand<ConfirmationFlags>;
