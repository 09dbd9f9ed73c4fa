#!/usr/bin/env node
import { Command, CommanderError } from "commander";
import { CodedError, EXIT } from "../base/errors.ts";
import type { CliCommand } from "./command.ts";
import { emulate } from "./commands/emulate.ts";
import { type GlobalFlags, processContext, reportError } from "./context.ts";

declare const VERSION: string;

const COMMANDS: readonly CliCommand<never>[] = [emulate];

const program = new Command("glitchtip-compose")
  .description("GlitchTip beside your Docker Compose services: one `up`, and the applications report errors.")
  .version(VERSION)
  .exitOverride()
  .showSuggestionAfterError(true)
  .configureHelp({ showGlobalOptions: true })
  .configureOutput({ writeErr: () => {} });

for (const { name, summary, examples, flags, run } of COMMANDS) {
  const command = program
    .command(name)
    .description(summary)
    .option("--json", "data on stdout as JSON, talk on stderr")
    .option("--debug", "say more")
    .option("-C, --directory <path>", "the project's folder, instead of the current one")
    .addHelpText("after", ["", "Examples:", ...examples.map((line) => `  ${line}`)].join("\n"))
    .exitOverride();
  flags?.(command);
  command.action(async () => {
    const given = command.opts<GlobalFlags>();
    const context = processContext(given);
    try {
      await run(context, given as never, command.args);
    } catch (error) {
      const cause = context.signal.aborted ? context.signal.reason : error;
      reportError(cause, context, (text) => process.stderr.write(text));
    }
  });
}

try {
  await program.parseAsync();
} catch (error) {
  if (!(error instanceof CommanderError)) throw error;
  process.exitCode = EXIT.done;
  if (error.exitCode !== 0) usage(error);
}
// Sockets or timers that a finished command left open must not keep the process; stdout is flushed first.
process.stdout.write("", () => process.exit());

function usage(error: CommanderError): void {
  const json = process.argv.includes("--json");
  const message = error.message.replace(/^error: /, "");
  const remedy = "See: glitchtip-compose --help";
  reportError(
    new CodedError("GC1001", message, { remedy }),
    {
      json,
      print: (data) => process.stdout.write(`${data}\n`),
      setExitCode: (code) => {
        process.exitCode = code;
      },
    },
    (text) => process.stderr.write(text),
  );
}
