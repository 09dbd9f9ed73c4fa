import { EXIT } from "../../base/errors.ts";
import { renderFiles, workspaceDocker } from "../../workspace/index.ts";
import type { CliCommand } from "../command.ts";
import { imageQuestions, printWorkspaceResult } from "../workspace-report.ts";

interface Flags {
  readonly adopt?: readonly string[];
  readonly pull?: boolean;
  readonly build?: boolean;
  readonly dryRun?: boolean;
  readonly check?: boolean;
}

export default {
  flags: (command) =>
    command
      .option("--dry-run", "only show what would change; exit code 3 if anything would")
      .option("--check", "the same without the differences, for CI")
      .option(
        "--adopt <file>",
        "manage an ejected file again, your edits merged in; repeatable",
        (file: string, all: readonly string[] = []) => [...all, file],
      )
      .option("--pull", "pull missing images whose entrypoint and command are needed")
      .option("--build", "build them instead, where the service has a build section")
      .option("--yes", "ask nothing"),
  async run(context, { adopt = [], pull, build, dryRun = false, check = false }) {
    const images = { ...(pull && { pull }), ...(build && { build }), ...imageQuestions(context) };
    const options = { ...images, adopt, dryRun: dryRun || check };
    const result = await renderFiles({ ...context, docker: workspaceDocker(context) }, options);
    await printWorkspaceResult(context, result, { diffs: !check });
    if (options.dryRun && !result.nothingToChange) context.setExitCode(EXIT.changes);
  },
} satisfies CliCommand<Flags>;
