import { removeApp, workspaceDocker } from "../../workspace/index.ts";
import type { CliCommand } from "../command.ts";
import { printWorkspaceResult } from "../workspace-report.ts";

interface Flags {
  readonly dryRun?: boolean;
}

export default {
  flags: (command) =>
    command.argument("<service>", "its name in glitchtip.yaml").option("--dry-run", "only say what would be written"),
  async run(context, { dryRun = false }, [service = ""]) {
    await printWorkspaceResult(
      context,
      await removeApp({ ...context, docker: workspaceDocker(context) }, service, { dryRun }),
    );
  },
} satisfies CliCommand<Flags>;
