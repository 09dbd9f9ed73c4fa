import { inspect } from "node:util";
import { Command, CommanderError, Help, type Option } from "commander";
import { CodedError } from "../base/errors.ts";
import { asksForFirstPage, normalizeArgv } from "./argv.ts";
import type { CommandEntry } from "./command.ts";
import { type CliContext, type GlobalFlags, type Output, reportError } from "./context.ts";
import { afterHelp, commandForSynonym, firstPage, topicHelp } from "./help.ts";
import { COMMAND_GROUPS, COMMANDS } from "./registry/index.ts";

declare const VERSION: string;

/** What the program needs of its process. Tests pass substitutes. */
export interface ProgramHost {
  /** Names the holder of the workspace's lock. */
  readonly pid: number;
  contextFor(flags: GlobalFlags): CliContext;
  outputFor(json: boolean): Output;
  /** Writes an error as text, beside what --json prints. */
  showError(text: string): void;
}

/** Runs one command line. Its errors are reported and set the exit code. */
export async function runProgram(argv: readonly string[], host: ProgramHost): Promise<void> {
  let chosen: CommandEntry | undefined;
  const program = newProgram((data) => host.outputFor(false).print(data));
  program.hook("preSubcommand", async (_, command) => {
    chosen = COMMANDS.find(({ name }) => name === command.name());
    if (chosen !== undefined) await define(command, chosen, host);
  });
  try {
    const page = await helpPage(argv);
    if (page !== undefined) host.outputFor(false).print(page);
    else await program.parseAsync(normalizeArgv(argv, COMMANDS), { from: "user" });
  } catch (error) {
    const isDone = error instanceof CommanderError && error.exitCode === 0;
    if (!isDone) reportError(explain(error, chosen), host.outputFor(argv.includes("--json")), host.showError);
  }
}

function newProgram(print: (data: string) => void): Command {
  const program = new Command("glitchtip-compose")
    .description("GlitchTip beside your Docker Compose services: one `up`, and the applications report errors.")
    .version(VERSION)
    .option("-C, --directory <path>", "the folder to work in, instead of the current one")
    .option("--json", "print data as JSON on stdout and messages on stderr")
    .option("--debug", "print debug messages")
    .exitOverride()
    .configureHelp({ showGlobalOptions: true, optionDescription })
    .configureOutput({ writeOut: print, writeErr: () => {} });
  for (const { heading, commands } of COMMAND_GROUPS) {
    for (const { name, summary, aliases = [] } of commands) {
      program.command(name).description(summary).aliases(aliases).helpGroup(heading).exitOverride();
    }
  }
  return program;
}

/** Returns the page of help that the arguments ask for, or undefined where commander answers. */
async function helpPage(argv: readonly string[]): Promise<string | undefined> {
  if (asksForFirstPage(argv)) return firstPage();
  const [word, topic] = argv;
  if (word !== "help" || topic === undefined || topic.startsWith("-")) return undefined;
  const { packageAssets } = await import("../workspace/index.ts");
  return topicHelp(topic, packageAssets());
}

/** Loads the command's file and gives commander its arguments, options, help and action. */
async function define(command: Command, entry: CommandEntry, host: ProgramHost): Promise<void> {
  const { flags, run, folder } = (await entry.load()).default;
  command.addHelpText("after", afterHelp(entry));
  flags?.(command);
  if (entry.changes?.of === "stack") {
    command.option(
      "--take-over",
      "use the stack even though it was started in another folder (for example before a rename)",
    );
  }
  command.action(async () => {
    const given = command.optsWithGlobals<ChangeFlags>();
    const named = host.contextFor(given);
    const context = { ...named, dir: folder?.(named, given as never) ?? named.dir };
    try {
      await using _lock = await lockFor(host, entry, context, given, command.args);
      if (entry.changes?.of === "stack" && isChange(entry, command.args) && !given.filesOnly) {
        const { requireOwnStack } = await import("./own-stack.ts");
        await requireOwnStack(context, given.takeOver === true, entry.name);
      }
      await run(context, given as never, command.args);
    } catch (error) {
      const cause = context.signal.aborted ? context.signal.reason : error;
      context.log.debug(inspect(cause));
      reportError(cause, context, host.showError);
    }
  });
}

interface ChangeFlags extends GlobalFlags {
  readonly takeOver?: boolean;
  /** What is on the engine is not touched. */
  readonly filesOnly?: boolean;
  readonly dryRun?: boolean;
  readonly check?: boolean;
}

/** Returns false where this action of the command only reads. */
function isChange({ changes }: CommandEntry, [action = ""]: readonly string[]): boolean {
  return changes !== undefined && changes.actions?.includes(action) !== false;
}

/** Keeps other commands from changing the workspace or its stack while this one does. */
async function lockFor(
  host: ProgramHost,
  entry: CommandEntry,
  context: CliContext,
  { dryRun, check }: ChangeFlags,
  args: readonly string[],
): Promise<AsyncDisposable | undefined> {
  const { name, changes } = entry;
  if (!isChange(entry, args) || dryRun || check) return undefined;
  const { lockWorkspace } = await import("./workspace-lock.ts");
  const command = changes?.actions === undefined ? name : `${name} ${args.slice(0, 2).join(" ")}`;
  return await lockWorkspace(context, command.trim(), host.pid);
}

/** Returns commander's text of an option, without the empty list that an option begins with that may be repeated. */
function optionDescription(option: Option): string {
  return new Help().optionDescription(option).replace(/ \(default: \[\]\)$/, "");
}

/** Returns commander's error as one of ours that names the help to read, or what people mean by a word of other tools. */
function explain(error: unknown, chosen: CommandEntry | undefined): unknown {
  if (!(error instanceof CommanderError)) return error;
  const said = error.code === "commander.help" ? "no command is given" : error.message;
  const message = said
    .replace(/^error: /, "")
    .replaceAll("\n", " ")
    .replace(/ \(Did you mean (?!one of)(.+)\?\)$/, '; did you mean "$1"?')
    .replace(/ \(Did you mean (one of .+)\?\)$/, "; did you mean $1?");
  const [what, word = ""] = /^unknown command '(.*?)'/.exec(message) ?? [];
  const meant = commandForSynonym(word);
  if (what !== undefined && meant !== undefined) return new CodedError("GC1001", what, { remedy: `Use: ${meant}` });
  const help = chosen === undefined ? "--help" : `${chosen.name} --help`;
  return new CodedError("GC1001", message, { remedy: `See: npx glitchtip-compose ${help}` });
}
