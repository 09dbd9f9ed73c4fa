import { openDocker } from "../../docker/index.ts";
import { divideVolumes, type MyVolumes, planRemoval, removeStack, type StackVolume } from "../../running/index.ts";
import type { CliCommand } from "../command.ts";
import { agreed, type ConfirmationFlags, withConfirmation } from "../confirmation.ts";
import { withProgress } from "../screen.ts";

interface Flags extends ConfirmationFlags {
  readonly volumes?: boolean;
  readonly withMyVolumes?: MyVolumes;
}

export default {
  flags: (command) =>
    withConfirmation(
      command
        .option("--volumes", "remove GlitchTip's data as well: every event, account and DSN")
        .option(
          "--with-my-volumes [names...]",
          "with --volumes: also remove volumes of your own services, the named ones or all",
        ),
      "down",
    ),
  async run(context, flags) {
    const { volumes = false, withMyVolumes, dryRun = false } = flags;
    const docker = openDocker(context);
    const plan = await planRemoval(docker);
    const { removed, kept } = volumes ? divideVolumes(plan, withMyVolumes) : { removed: [], kept: plan.volumes };
    if (dryRun) return print(true);
    const question = { text: questionFor(removed), name: plan.project };
    if (removed.length > 0 && !(await agreed(context, flags, question))) return;
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
  return `This data is removed for good (without --volumes it stays): ${volumes.map(shown).join(", ")}.`;
}
