import { EXIT } from "../../base/errors.ts";
import { openDocker } from "../../docker/index.ts";
import { divideVolumes, type MyVolumes, planRemoval, removeStack, type StackVolume } from "../../running/index.ts";
import type { CliCommand } from "../command.ts";
import { confirmed, withProgress } from "../screen.ts";

interface Flags {
  readonly volumes?: boolean;
  readonly withMyVolumes?: MyVolumes;
  readonly dryRun?: boolean;
  readonly yes?: boolean;
}

export default {
  flags: (command) =>
    command
      .option("--volumes", "remove GlitchTip's data as well: every event, account and DSN")
      .option(
        "--with-my-volumes [names...]",
        "with --volumes: those of your own services, too; the named ones, else all",
      )
      .option("--dry-run", "only list what would be removed")
      .option("--yes", "do not ask"),
  async run(context, { volumes = false, withMyVolumes, dryRun = false, yes = false }) {
    const docker = openDocker(context);
    const plan = await planRemoval(docker);
    const { removed, kept } = volumes ? divideVolumes(plan, withMyVolumes) : { removed: [], kept: plan.volumes };
    if (dryRun) return print(true);
    if (removed.length > 0 && !yes && !(await confirmed(context, questionFor(removed), "--yes"))) {
      context.log.info("Nothing was removed. Without --volumes the data stays.");
      return context.setExitCode(EXIT.failed);
    }
    await withProgress(context, "stopping", (progress) =>
      removeStack(docker, {
        volumes: names(removed),
        onLine: (line) => /Removed$|^removing/.test(line) && progress.say(line.trim()),
      }),
    );
    print(false);

    function print(only: boolean): void {
      const gone = { containers: plan.containers, networks: plan.networks, volumes: names(removed) };
      if (context.json) {
        const stays = { volumes: names(kept) };
        context.print(JSON.stringify({ project: plan.project, dryRun: only, removed: gone, kept: stays }));
        return;
      }
      const lines = Object.entries(gone).flatMap(([kind, list]) =>
        list.map((name) => `  ${kind.slice(0, -1)} ${name}`),
      );
      const verb = only ? "would remove" : "removed";
      context.print(lines.length === 0 ? `${verb} nothing` : [`${verb}:`, ...lines].join("\n"));
      if (kept.length > 0)
        context.print(
          `kept: ${names(kept)
            .map((name) => `volume ${name}`)
            .join(", ")}`,
        );
    }
  },
} satisfies CliCommand<Flags>;

const names = (volumes: readonly StackVolume[]): string[] => volumes.map(({ name }) => name);

function questionFor(volumes: readonly StackVolume[]): string {
  const shown = ({ name, users }: StackVolume) => (users ? `${name} (your own)` : name);
  return `Remove this data for good: ${volumes.map(shown).join(", ")}?`;
}
