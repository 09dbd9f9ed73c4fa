import {
  executeUpgrade,
  imagesToPull,
  lockUpgrades,
  prepareUpgrade,
  pullImage,
  requireSameUpgrade,
  requireUpgradableServer,
  startUpgrade,
  type UpgradeProgress,
  type UpgradeResult,
  unfinishedUpgrade,
  type WantedUpgrade,
} from "../../backup/index.ts";
import { defined } from "../../base/defined.ts";
import { CodedError, EXIT } from "../../base/errors.ts";
import { openDocker } from "../../docker/index.ts";
import { GENERATIONS, type Generation } from "../../glitchtip/versions.ts";
import { packageAssets, readWorkspace } from "../../workspace/index.ts";
import type { CliCommand } from "../command.ts";
import { agreed, type ConfirmationFlags, withConfirmation } from "../confirmation.ts";
import type { CliContext } from "../context.ts";
import { withProgress } from "../screen.ts";
import { checkUpgrade, cleanUp, printUpgradeResult, showNothingToDo, showPlan } from "../upgrade-output.ts";

interface Flags extends ConfirmationFlags {
  readonly to?: string;
  readonly generation?: string;
  readonly postgres?: string;
  readonly check?: boolean;
  readonly cleanup?: boolean;
  /** False by --no-pull. */
  readonly pull: boolean;
}

export default {
  flags: (command) =>
    withConfirmation(
      command
        .option("--to <image>", "the image, or its tag alone; default: what the declared tag stands for now")
        .option(
          "--generation <generation>",
          `the generation, where the tag does not show it: ${GENERATIONS.join(", ")}`,
        )
        .option("--postgres <image>", "another Postgres image; a dump moves the data into a new volume")
        .option("--check", "only check for a newer image on this machine; exit code 3 if there is one")
        .option("--cleanup", "remove the old database volumes that upgrades of Postgres left")
        .option("--no-pull", "use the image on this machine, and do not pull"),
      "upgrade",
    ),
  async run(context, flags) {
    const docker = openDocker(context);
    const workspace = readWorkspace(context.dir, context.env);
    requireUpgradableServer(workspace);
    const call = { context, docker, flags, open: { ...context, docker, toolVersion: packageAssets().version } };
    if (flags.check) return await checkUpgrade(context, docker, workspace);
    // The lock is taken before anything is read that the upgrade depends on.
    await using _ = flags.dryRun ? null : await lockUpgrades(call.open);
    const found = unfinishedUpgrade(context.dir);
    if (found !== undefined) return await goOn(call, found);
    if (flags.cleanup) return await cleanUp(context, docker, flags);

    const wanted = wantedBy(flags);
    if (flags.pull && !flags.dryRun) await pull(call, await imagesToPull(call.open, workspace, wanted));
    const plan = await prepareUpgrade(call.open, workspace, wanted);
    if (plan.nothingToDo) return showNothingToDo(context, plan);
    showPlan(context, plan, flags.dryRun ?? false);
    if (flags.dryRun) return context.setExitCode(EXIT.changes);
    const text = `Upgrade ${plan.from.image} to ${plan.to.image}? GlitchTip is unavailable meanwhile.`;
    if (!(await agreed(context, flags, { text }))) return;
    await showProgress(call, plan.afterwards, (open) => startUpgrade(open, plan));
  },
} satisfies CliCommand<Flags>;

interface Call {
  readonly context: CliContext;
  readonly docker: ReturnType<typeof openDocker>;
  readonly flags: Flags;
  readonly open: Omit<CliContext, "print"> & {
    readonly docker: ReturnType<typeof openDocker>;
    readonly toolVersion: string;
  };
}

async function pull({ context, docker }: Call, images: readonly string[]): Promise<void> {
  for (const image of images)
    await withProgress(context, `pulling ${image}`, ({ say }) => pullImage(docker, image, say));
}

function wantedBy({ to, generation, postgres }: Flags): WantedUpgrade {
  if (generation !== undefined && !GENERATIONS.includes(generation as Generation)) {
    throw new CodedError("GC1001", `--generation ${generation}: there is no such generation`, {
      remedy: `One of ${GENERATIONS.join(", ")}.`,
    });
  }
  return defined({ to, postgres, generation: generation as Generation | undefined });
}

/** Continues an interrupted upgrade. Another upgrade is refused until it is over. */
async function goOn(call: Call, found: UpgradeProgress): Promise<void> {
  const { context, flags } = call;
  requireSameUpgrade(found, flags);
  if (flags.dryRun) {
    const { from, to, step } = found;
    const text = `the upgrade from ${from} to ${to} would go on after “${step}”`;
    context.print(context.json ? JSON.stringify({ dryRun: true, from, to, step }) : text);
    return context.setExitCode(EXIT.changes);
  }
  context.log.info(`continuing the upgrade to ${found.to} (${found.step})`);
  await showProgress(call, [], (open) => executeUpgrade(open, found));
}

async function showProgress(
  { context, open }: Call,
  afterwards: readonly string[],
  execute: (open: Call["open"]) => Promise<UpgradeResult>,
): Promise<void> {
  const result = await withProgress(context, "upgrading", ({ say }) =>
    execute({ ...open, log: { ...context.log, step: say } }),
  );
  printUpgradeResult(context, result, afterwards);
}
