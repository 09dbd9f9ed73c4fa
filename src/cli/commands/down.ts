import { EXIT } from "../../base/errors.ts";
import { openDocker } from "../../docker/index.ts";
import { planRemoval, type RemovalPlan, removeStack, type StackVolume } from "../../running/index.ts";
import type { CliCommand } from "../command.ts";
import { confirmed, withProgress } from "../screen.ts";

interface Flags {
  readonly volumes?: boolean;
  readonly dryRun?: boolean;
  readonly yes?: boolean;
}

export default {
  flags: (command) =>
    command
      .option("--volumes", "remove the data as well: every event, account and DSN")
      .option("--dry-run", "only list what would be removed")
      .option("--yes", "do not ask"),
  async run(context, { volumes = false, dryRun = false, yes = false }) {
    const docker = openDocker(context);
    const plan = await planRemoval(docker);
    if (dryRun) return print(true);
    if (volumes && plan.volumes.length > 0 && !yes && !(await confirmed(context, questionFor(plan), "--yes"))) {
      context.log.info("Nothing was removed. Without --volumes the data stays.");
      return context.setExitCode(EXIT.failed);
    }
    await withProgress(context, "stopping", (progress) =>
      removeStack(docker, { volumes, onLine: (line) => /Removed$/.test(line) && progress.say(line.trim()) }),
    );
    print(false);

    function print(only: boolean): void {
      const removed = { containers: plan.containers, networks: plan.networks, volumes: volumes ? names(plan) : [] };
      const kept = { volumes: volumes ? [] : names(plan) };
      if (context.json) {
        context.print(JSON.stringify({ project: plan.project, dryRun: only, removed, kept }));
        return;
      }
      const lines = Object.entries(removed).flatMap(([kind, list]) =>
        list.map((name) => `  ${kind.slice(0, -1)} ${name}`),
      );
      const verb = only ? "would remove" : "removed";
      context.print(lines.length === 0 ? `${verb} nothing` : [`${verb}:`, ...lines].join("\n"));
      if (kept.volumes.length > 0) context.print(`kept: ${kept.volumes.map((name) => `volume ${name}`).join(", ")}`);
    }
  },
} satisfies CliCommand<Flags>;

const names = ({ volumes }: RemovalPlan): string[] => volumes.map(({ name }) => name);

function questionFor({ volumes }: RemovalPlan): string {
  const shown = ({ name, users }: StackVolume) => (users ? `${name} (your own)` : name);
  return `Remove this data for good: ${volumes.map(shown).join(", ")}?`;
}
