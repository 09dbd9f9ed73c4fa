import { CodedError } from "../../base/errors.ts";
import { type Docker, openDocker } from "../../docker/index.ts";
import {
  divideVolumes,
  planRemoval,
  planStackRemoval,
  removeStackParts,
  type StackRemoval,
} from "../../running/index.ts";
import {
  applyUninstall,
  composeProjectNameOf,
  planUninstall,
  readWorkspace,
  type UninstallPlan,
} from "../../workspace/index.ts";
import type { CliCommand } from "../command.ts";
import { agreed, type ConfirmationFlags, withConfirmation } from "../confirmation.ts";
import type { CliContext } from "../context.ts";
import { withProgress } from "../screen.ts";

interface Flags extends ConfirmationFlags {
  readonly keepData?: boolean;
  readonly keepDeclaration?: boolean;
  readonly filesOnly?: boolean;
}

/** What goes from the engine. */
interface EnginePart extends StackRemoval {
  readonly project: string;
  readonly keptVolumes: readonly string[];
}

export default {
  flags: (command) =>
    withConfirmation(
      command
        .option("--keep-data", "keep the volumes with GlitchTip's data")
        .option("--keep-declaration", "keep glitchtip.yaml")
        .option("--files-only", "leave what is on the engine; for a machine without one"),
      "uninstall",
    ),
  async run(context, flags) {
    const { keepData = false, keepDeclaration = false, filesOnly = false, dryRun = false } = flags;
    const files = planUninstall(context.dir, { keepDeclaration, keepData: keepData || filesOnly });
    const docker = openDocker(context);
    const engine = filesOnly
      ? nothingOn(nameOf(context))
      : await enginePart(docker, keepData, files.composeFiles.length > 0 || Boolean(context.env.COMPOSE_FILE));
    const { changed, composeFiles, ...paths } = files;
    const result = { ...engine, dryRun, files: { ...paths, changed: changed.map(({ path }) => path) } };
    if (dryRun) {
      context.print(context.json ? JSON.stringify(result) : listed("would", engine, files));
      return;
    }
    context.log.info(listed("will", engine, files));
    const text = questionFor(engine, context.dir, { keepData, filesOnly });
    if (!(await agreed(context, flags, { text, name: engine.project }))) return;
    await withProgress(context, "removing", async ({ say }) => {
      await removeStackParts(docker, engine, say, composeFiles.length === 0 ? "the sample app's container" : undefined);
      say("removing files");
      applyUninstall(files);
    });
    if (context.json) return context.print(JSON.stringify(result));
    context.print(`GlitchTip is gone from ${context.dir}`);
    for (const { path, why } of files.kept) context.print(`kept ${path}: ${why}`);
    if (engine.keptVolumes.length > 0) context.print(`kept volumes: ${engine.keptVolumes.join(", ")}`);
    if (engine.users.length > 0 && composeFiles.length > 0)
      context.print("next: docker compose up -d starts your services again");
  },
} satisfies CliCommand<Flags>;

/** Returns the sentence above the prompt: what goes, as the flags have it. */
export function questionFor(
  { project }: Pick<EnginePart, "project">,
  dir: string,
  { keepData, filesOnly }: { readonly keepData: boolean; readonly filesOnly: boolean },
): string {
  const where = filesOnly ? `its files from ${dir}` : `its containers from Docker and its files from ${dir}`;
  const data = filesOnly
    ? "What runs in Docker stays."
    : keepData
      ? "Its data stays."
      : "Its data is deleted for good.";
  return `This removes GlitchTip from ${project}: ${where}. ${data}`;
}

/** The name of the Compose project, also where a run that was interrupted has removed the declaration already. */
function nameOf({ dir, env }: CliContext): string {
  if (env.COMPOSE_PROJECT_NAME) return env.COMPOSE_PROJECT_NAME;
  try {
    return composeProjectNameOf(dir, readWorkspace(dir, env).composeProjectName);
  } catch (error) {
    if (error instanceof CodedError) return composeProjectNameOf(dir, undefined);
    throw error;
  }
}

const nothingOn = (project: string): EnginePart => ({
  project,
  containers: [],
  users: [],
  networks: [],
  volumes: [],
  keptVolumes: [],
});

async function enginePart(docker: Docker, keepData: boolean, left: boolean): Promise<EnginePart> {
  try {
    const all = await planRemoval(docker);
    const ours = divideVolumes(all).removed.map(({ name }) => name);
    const removal = await planStackRemoval(docker, all, ours, left);
    return {
      project: all.project,
      ...removal,
      volumes: keepData ? [] : ours,
      keptVolumes: all.volumes.map(({ name }) => name).filter((name) => keepData || !ours.includes(name)),
    };
  } catch (error) {
    if (!(error instanceof CodedError) || !error.code.startsWith("GC16")) throw error;
    throw new CodedError(error.code, error.message, {
      problems: error.problems,
      remedy: `${error.remedy ?? "Start Docker."} To remove the files alone: npx glitchtip-compose uninstall --files-only`,
      cause: error,
    });
  }
}

/** Returns the lines that say what goes and what stays. */
export function listed(verb: "would" | "will", engine: EnginePart, files: UninstallPlan): string {
  // Containers beside ours without a Compose file of the user's are those of the sample app.
  const whose =
    files.composeFiles.length === 0
      ? "the sample app"
      : "your own, which uses GlitchTip's volumes or networks; docker compose up recreates it";
  const gone = [
    ...engine.containers.map((name) => `container ${name}`),
    ...engine.users.map((name) => `container ${name} (${whose})`),
    ...engine.networks.map((name) => `network ${name}`),
    ...engine.volumes.map((name) => `volume ${name}`),
    ...files.removed,
    ...(files.privateFolder === undefined ? [] : [`${files.privateFolder}/ (tokens and secrets of this user)`]),
  ];
  return [
    `${verb} remove:`,
    ...gone.map((what) => `  ${what}`),
    ...files.changed.map(({ path }) => `${verb} take our lines out of ${path}`),
    ...files.kept.map(({ path, why }) => `${verb} keep ${path}: ${why}`),
    ...engine.keptVolumes.map((name) => `${verb} keep volume ${name}`),
  ].join("\n");
}
