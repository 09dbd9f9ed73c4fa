import { lockUpgrades, rollBackUpgrade, upgradeProgress } from "../../backup/index.ts";
import { CodedError, EXIT } from "../../base/errors.ts";
import { openDocker } from "../../docker/index.ts";
import { packageAssets, readWorkspace } from "../../workspace/index.ts";
import type { CliCommand } from "../command.ts";
import { agreed, type ConfirmationFlags, withConfirmation } from "../confirmation.ts";
import { withProgress } from "../screen.ts";

export default {
  flags: (command) => withConfirmation(command, "rollback"),
  async run(context, flags) {
    readWorkspace(context.dir, context.env);
    const docker = openDocker(context);
    const open = { ...context, docker, toolVersion: packageAssets().version };
    await using _ = flags.dryRun ? null : await lockUpgrades(open);
    const found = upgradeProgress.read(context.dir);
    if (found === undefined) {
      throw new CodedError("GC1001", "there is no upgrade to roll back", {
        remedy: "To go back further: npx glitchtip-compose backup list, then restore one.",
      });
    }
    const { from, to, step, backup = "", undoing = false } = found;
    const loses = step === "done" && !undoing;
    const what = loses
      ? `${from} with the data of ${backup} takes the place of ${to}; newer data goes into a backup of its own`
      : `the upgrade from ${from} to ${to}, which came as far as “${step}”, is undone`;
    if (flags.dryRun) {
      context.print(context.json ? JSON.stringify({ dryRun: true, from, to, step, backup }) : what);
      return context.setExitCode(EXIT.changes);
    }
    const { name } = await docker.compose.config();
    // An unfinished upgrade is taken back without a question: it is of no use to anybody.
    if (loses && !(await agreed(context, flags, { text: `${what}.`, name }))) return;
    const { safety } = await withProgress(context, "going back", ({ say }) =>
      rollBackUpgrade({ ...open, log: { ...context.log, step: say } }, found),
    );
    if (context.json) return context.print(JSON.stringify({ from: to, to: from, backup, safety: safety ?? null }));
    context.print(`${from} runs again${step === "begun" || step === "stopped" ? "" : `, as it was in ${backup}`}`);
    if (safety !== undefined) context.print(`the data from before the rollback is in ${safety}`);
  },
} satisfies CliCommand<ConfirmationFlags>;
