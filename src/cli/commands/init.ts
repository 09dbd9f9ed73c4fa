import { type Command, Option } from "commander";
import { defined } from "../../base/defined.ts";
import { CodedError, EXIT } from "../../base/errors.ts";
import type { HostNetwork, ProductionHost } from "../../checks/index.ts";
import {
  type GivenOptions,
  type InitOptionName,
  type InitOptions,
  initCommandLine,
  initWorkspace,
  isRepeatable,
  lacksDomain,
  OPTION_ROWS,
  type OptionRow,
  parseInitOptions,
} from "../../init/index.ts";
import {
  composeFolderAbove,
  composeProjectNameOf,
  type WorkspaceContext,
  workspaceDocker,
} from "../../workspace/index.ts";
import { collect } from "../arguments.ts";
import type { CliCommand } from "../command.ts";
import type { CliContext } from "../context.ts";
import { imageQuestions, printWorkspaceResult } from "../workspace-report.ts";

interface Flags {
  readonly pull?: boolean;
  readonly build?: boolean;
  readonly dryRun?: boolean;
  readonly takeOver?: boolean;
  /** False by --no-preflight. */
  readonly preflight: boolean;
  readonly directory?: string;
}

const EVERYDAY = "Everyday:";

/** The options of --help in groups. One that is in no group here comes last. */
const OPTION_GROUPS: readonly (readonly [heading: string, names: readonly InitOptionName[]])[] = [
  [EVERYDAY, ["apps", "noApps", "sample", "organization", "email", "port"]],
  ["In production:", ["production", "domain", "proxy", "tls", "certificate", "key", "preflight"]],
  ["An existing Traefik:", ["proxyNetwork", "certResolver", "proxyEntrypoint"]],
  ["Mail:", ["emailUrl", "emailHost", "emailPort", "emailUser", "emailPasswordFile"]],
  ["An existing GlitchTip:", ["serverUrl", "token", "tokenFile", "adminPassword", "containerUrl", "network", "caFile"]],
  ["The server:", ["url", "image", "topology", "valkey", "registration", "size"]],
];

function groupedRows(): [heading: string, rows: OptionRow[]][] {
  const named = new Set(OPTION_GROUPS.flatMap(([, names]) => names));
  const others = OPTION_ROWS.map(([name]) => name).filter((name) => !named.has(name));
  const rows = new Map(OPTION_ROWS);
  return [...OPTION_GROUPS, ["Seldom needed:", others] as const].map(([heading, names]) => [
    heading,
    names.flatMap((name) => rows.get(name) ?? []),
  ]);
}

export default {
  flags: (command: Command) => {
    for (const [heading, rows] of groupedRows()) {
      command.optionsGroup(heading);
      for (const row of rows) {
        if (isRepeatable(row)) command.option(row.flag, row.help, collect);
        else command.option(row.flag, row.help);
      }
      if (heading === EVERYDAY) {
        command.option("--dry-run", "only say what would be written").option("--yes", "ask nothing");
      }
    }
    return command
      .optionsGroup("Existing images and data:")
      .option("--pull", "pull missing images whose entrypoint and command are needed")
      .option("--build", "build them instead, where the service has a build section")
      .option("--take-over", "take over the stack and the data that exist under this Compose project's name");
  },
  folder({ dir, log }, { directory }) {
    const above = directory === undefined ? composeFolderAbove(dir) : undefined;
    if (above === undefined) return dir;
    log.info(
      `there is no Compose file here; like docker compose, init uses the one in ${above} (to use this folder: init -C .)`,
    );
    return above;
  },
  async run(context, flags) {
    const { pull, build, dryRun, preflight } = flags;
    const ask = context.interactive ? await import("../init-questions.ts") : undefined;
    const typed = givenOptions(flags);
    const given = ask && lacksDomain(typed) ? { ...typed, domain: await ask.askDomain(context) } : typed;
    const options = parseInitOptions(given);
    const images = { ...(pull && { pull }), ...(build && { build }), ...imageQuestions(context) };
    const { thisMachine } = await import("../../checks/index.ts");
    const { portIsFree } = thisMachine(context.clock);
    const make = (answered: InitOptions, beforeWrite?: WorkspaceContext["beforeWrite"]) =>
      initWorkspace(
        {
          ...context,
          ...defined({ beforeWrite }),
          docker: workspaceDocker(context),
          host: productionHost(context, preflight),
          portIsFree,
          engineName: async () => {
            const { engineName } = await import("../own-stack.ts");
            return await engineName(context);
          },
          takenInstance: async (workspace) => {
            const { takenInstance } = await import("../own-stack.ts");
            return await takenInstance(context, workspace, flags.takeOver === true);
          },
        },
        { ...answered, ...images, ...(dryRun && { dryRun }), commandLine: commandLine(answered) },
      );
    const switches = [
      ...(flags.directory === undefined ? [] : ["-C", flags.directory]),
      ...(pull ? ["--pull"] : []),
      ...(build ? ["--build"] : []),
      ...(flags.takeOver ? ["--take-over"] : []),
    ];
    const commandLine = (answered: InitOptions) => initCommandLine(given, answered, switches);
    const result =
      ask === undefined
        ? await make(options)
        : await ask.initOnTerminal(context, {
            given: options,
            portIsFree,
            make,
            commandLine,
            dryRun: dryRun === true,
          });
    // A workspace that was just made has nothing to compare with.
    const isNew = result.created.includes("glitchtip.yaml");
    await printWorkspaceResult(context, result, { diffs: !isNew });
    if (dryRun && !isNew && !result.nothingToChange) context.setExitCode(EXIT.changes);
  },
} satisfies CliCommand<Flags>;

/** Maps commander's attributes, which are named after the flags, to the names of the table. */
export function givenOptions(flags: object): GivenOptions {
  const all = flags as Readonly<Record<string, GivenOptions[InitOptionName]>>;
  return Object.fromEntries(
    OPTION_ROWS.map(([name, { flag }]) => {
      const option = new Option(flag);
      const value = all[option.attributeName()];
      // commander keeps `--no-x` as `x`, which is true until it is typed.
      return [name, option.negate ? value === false : value];
    }),
  );
}

/** Returns the checks of this machine and its engine that a workspace in production has to pass. */
const productionHost = (context: CliContext, preflight: boolean): ProductionHost => ({
  nowMs: () => context.clock.now(),
  ...(preflight && {
    network: ({ dir, composeProjectName }) => hostNetwork(context, composeProjectNameOf(dir, composeProjectName)),
  }),
});

async function hostNetwork(context: CliContext, projectName: string): Promise<HostNetwork> {
  const { openDocker } = await import("../../docker/index.ts");
  const { thisMachine } = await import("../../checks/index.ts");
  const located = await openDocker(context)
    .located()
    .catch((error: unknown) => {
      if (error instanceof CodedError && error.code === "GC1601") return undefined;
      throw error;
    });
  return {
    ...thisMachine(context.clock),
    projectName,
    ...(located && { hasNetwork: (name: string) => located.engine.hasNetwork(name) }),
    taken: {
      ports: await located?.engine.publishedPorts(),
      here: located === undefined || /^(unix|npipe):/.test(located.address.host),
    },
  };
}
