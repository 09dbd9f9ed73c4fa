import { inspect } from "node:util";
import { Command, CommanderError } from "commander";
import { CodedError } from "../base/errors.ts";
import type { CliCommand } from "./command.ts";
import { COMMANDS, type CommandEntry, type CommandName, HEADINGS } from "./command-list.ts";
import { type GlobalFlags, processContext, processOutput, reportError } from "./context.ts";
import { wordsFor } from "./words.ts";

declare const VERSION: string;

export type Loaders = Readonly<Partial<Record<CommandName, () => Promise<CliCommand<never>>>>>;

/** Reads the process's words, runs the command of `loaders` that they name, and ends the process. */
export async function runCli(loaders: Loaders): Promise<void> {
  // Whoever read our output may have gone away: that ends the talk, not the work.
  for (const stream of [process.stdout, process.stderr]) stream.on("error", () => {});

  const program = new Command("glitchtip-compose")
    .description("GlitchTip beside your Docker Compose services: one `up`, and the applications report errors.")
    .version(VERSION)
    .option("-C, --directory <path>", "the project's folder, instead of the current one")
    .option("--json", "data on stdout as JSON, talk on stderr")
    .option("--debug", "say more")
    .exitOverride()
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({ writeErr: () => {} });

  let chosen = "";
  const groups = HEADINGS.flatMap(([heading, names]) => names.map((name) => [name, heading] as const));
  const heading = new Map<string, string>(groups);
  const order = [...heading.keys()];
  const place = ({ name }: CommandEntry) => (heading.has(name) ? order.indexOf(name) : order.length);
  for (const { name, summary, alias } of [...COMMANDS].sort((a, b) => place(a) - place(b)) as CommandEntry[]) {
    if (loaders[name as CommandName] === undefined) continue;
    const command = program.command(name).description(summary).exitOverride();
    if (alias !== undefined) command.alias(alias);
    command.helpGroup(heading.get(name) ?? "Commands:");
  }
  program.hook("preSubcommand", async (_, command) => {
    const found = COMMANDS.find(({ name }) => name === command.name());
    const load = found && loaders[found.name];
    if (load === undefined) return;
    chosen = `${command.name()} `;
    define(command, await load());
  });

  try {
    await program.parseAsync(wordsFor(process.argv.slice(2), COMMANDS), { from: "user" });
  } catch (error) {
    const isDone = error instanceof CommanderError && error.exitCode === 0;
    if (!isDone) reportError(explain(error, chosen), processOutput(process.argv.includes("--json")), toStderr);
  }
  // Sockets or timers that a finished command left open must not keep the process; stdout is flushed first.
  process.stdout.write("", () => process.exit());
}

function define(command: Command, { examples, flags, run }: CliCommand<never>): void {
  command.addHelpText("after", ["", "Examples:", ...examples.map((line) => `  ${line}`)].join("\n"));
  flags?.(command);
  command.action(async () => {
    const given = command.optsWithGlobals<GlobalFlags>();
    const context = processContext(given);
    try {
      await run(context, given as never, command.args);
    } catch (error) {
      const cause = context.signal.aborted ? context.signal.reason : error;
      context.log.debug(inspect(cause));
      reportError(cause, context, toStderr);
    }
  });
}

function toStderr(text: string): void {
  process.stderr.write(text);
}

function explain(error: unknown, chosen: string): unknown {
  if (!(error instanceof CommanderError)) return error;
  const said = error.code === "commander.help" ? "no command is given" : error.message;
  const message = said.replace(/^error: /, "").replaceAll("\n", " ");
  return new CodedError("GC1001", message, { remedy: `See: glitchtip-compose ${chosen}--help` });
}
