import {
  beginProgress,
  carryOutUpgrade,
  checkSettings,
  currentImage,
  currentPostgres,
  isUnderWay,
  lockUpgrades,
  lookAtStack,
  type Progress,
  planUpgrade,
  pullImage,
  readRestoreProgress,
  readUpgradeProgress,
  requireStack,
  targetImage,
  targetPostgres,
  type Wanted,
} from "../../backup/index.ts";
import { CodedError, EXIT } from "../../base/errors.ts";
import { openDocker } from "../../docker/index.ts";
import { versionOfImage } from "../../glitchtip/upgrade-way.ts";
import { GENERATIONS, type Generation } from "../../glitchtip/versions.ts";
import { observeStack } from "../../running/index.ts";
import { packageAssets, readWorkspace, type Workspace, workspaceDocker } from "../../workspace/index.ts";
import type { CliCommand } from "../command.ts";
import type { CliContext } from "../context.ts";
import { confirmed, withProgress } from "../screen.ts";
import { checkUpgrade, cleanUp } from "../upgrade-extras.ts";
import { printResult, showNothingToDo, showPlan } from "../upgrade-report.ts";

interface Flags {
  readonly to?: string;
  readonly generation?: string;
  readonly postgres?: string;
  readonly check?: boolean;
  readonly cleanup?: boolean;
  readonly yesCleanup?: string;
  readonly dryRun?: boolean;
  /** False by --no-pull. */
  readonly pull: boolean;
  readonly yes?: boolean;
}

/** Another GlitchTip for this stack: backed up first, proved afterwards, taken back by itself where it fails. */
export default {
  flags: (command) =>
    command
      .option("--to <image>", "the image, or its tag alone; default: what the declared tag stands for now")
      .option("--generation <generation>", `where the tag does not tell: ${GENERATIONS.join(", ")}`)
      .option("--postgres <image>", "another Postgres: its data goes by a dump into a new volume")
      .option("--check", "only look for something newer on this machine; exit code 3 if there is")
      .option("--dry-run", "only say what would change and be done; exit code 3 if anything would")
      .option("--cleanup", "remove the volumes of databases that an upgrade of Postgres has left")
      .option("--yes-cleanup <project>", "do not ask; the project's name, so that it is surely this one")
      .option("--no-pull", "take the image that is on this machine")
      .option("--yes", "do not ask"),
  async run(context, flags) {
    const docker = openDocker(context);
    const project = readWorkspace(context.dir, context.env);
    requireStack(project);
    const call = { context, docker, flags, open: { ...context, docker, toolVersion: packageAssets().version } };
    if (flags.check) return await checkUpgrade(context, docker, project);
    // From here on nobody else changes what is decided by.
    await using _ = flags.dryRun ? null : await lockUpgrades(call.open);
    const found = readUpgradeProgress(context.dir);
    if (flags.cleanup && !isUnderWay(found)) return await cleanUp(context, docker, flags);
    if (isUnderWay(found)) return await goOn(call, found);
    refuseDuringRestore(context.dir);

    const wanted = wantedBy(flags);
    const look = async () => planUpgrade(await lookAtStack(docker, project, wanted), wanted);
    if (flags.pull && !flags.dryRun) {
      // What the tags alone rule out needs no pull.
      if (versionOfImage(targetImage(currentImage(project), flags.to)) !== undefined) await look();
      await pull(call, imagesOf(project, wanted));
    }
    const plan = await look();
    await checkSettings({ ...context, docker: workspaceDocker(context) }, plan.settings);
    if (plan.nothingToDo) return showNothingToDo(context, plan);
    showPlan(context, plan, flags.dryRun ?? false);
    if (flags.dryRun) return context.setExitCode(EXIT.changes);
    const question = `Upgrade ${plan.from.image} to ${plan.to.image}? GlitchTip is away meanwhile.`;
    if (!flags.yes && !(await confirmed(context, question, "--yes"))) {
      context.log.info("Nothing was changed.");
      return context.setExitCode(EXIT.failed);
    }
    const { containers } = await observeStack(docker);
    const running = containers.filter(({ state }) => state === "running").map(({ service }) => service);
    const progress = beginProgress({
      from: plan.from.image,
      to: plan.to.image,
      settings: plan.settings,
      running: [...new Set(running)],
      ...(plan.postgres === undefined ? {} : { postgres: plan.postgres }),
    });
    await carryOut(call, progress, plan.afterwards);
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

/** With another Postgres alone GlitchTip's own image stays. */
const imagesOf = (project: Workspace, { to, postgres }: Wanted): string[] => [
  ...(to === undefined && postgres !== undefined ? [] : [targetImage(currentImage(project), to)]),
  ...(postgres === undefined ? [] : [targetPostgres(currentPostgres(project), postgres)]),
];

async function pull({ context, docker }: Call, images: readonly string[]): Promise<void> {
  for (const image of images)
    await withProgress(context, `pulling ${image}`, ({ say }) => pullImage(docker, image, say));
}

function wantedBy({ to, generation, postgres }: Flags): Wanted {
  if (generation !== undefined && !GENERATIONS.includes(generation as Generation)) {
    throw new CodedError("GC1001", `--generation ${generation}: there is none`, {
      remedy: `One of ${GENERATIONS.join(", ")}.`,
    });
  }
  return {
    ...(to === undefined ? {} : { to }),
    ...(postgres === undefined ? {} : { postgres }),
    ...(generation === undefined ? {} : { generation: generation as Generation }),
  };
}

function refuseDuringRestore(dir: string): void {
  const restore = readRestoreProgress(dir);
  if (restore === undefined) return;
  throw new CodedError("GC1805", `a restore of ${restore.backup} is under way`, {
    remedy: `Go on with: glitchtip-compose restore ${restore.backup}. Or go back: glitchtip-compose restore --abort`,
  });
}

/** An interrupted one: the same command goes on, another one is refused. */
async function goOn(call: Call, found: Progress): Promise<void> {
  const { context, flags } = call;
  const other = flags.cleanup || (flags.to !== undefined && targetImage(found.from, flags.to) !== found.to);
  if (found.undoing || other) {
    throw new CodedError("GC1809", `an upgrade to ${found.to} is ${found.undoing ? "being taken back" : "under way"}`, {
      remedy: found.undoing
        ? "glitchtip-compose rollback ends that."
        : `Go on with: glitchtip-compose upgrade --to ${found.to}. Or go back: glitchtip-compose rollback`,
    });
  }
  if (flags.dryRun) {
    const text = `the upgrade from ${found.from} to ${found.to} would go on after “${found.step}”`;
    context.print(context.json ? JSON.stringify({ dryRun: true, ...pick(found) }) : text);
    return context.setExitCode(EXIT.changes);
  }
  context.log.info(`going on with the upgrade to ${found.to} (${found.step})`);
  await carryOut(call, found, []);
}

const pick = ({ from, to, step }: Progress) => ({ from, to, step });

async function carryOut({ context, open }: Call, progress: Progress, afterwards: readonly string[]): Promise<void> {
  const result = await withProgress(context, "upgrading", ({ say }) =>
    carryOutUpgrade({ ...open, log: { ...context.log, step: say } }, progress),
  );
  printResult(context, result, afterwards);
}
