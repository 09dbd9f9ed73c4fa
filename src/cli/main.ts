#!/usr/bin/env node
import { Command, CommanderError } from "commander";
import { CodedError, EXIT } from "../base/errors.ts";
import type { CliCommand } from "./command.ts";
import { type GlobalFlags, processContext, reportError } from "./context.ts";

declare const VERSION: string;

/** Only the wanted command's file is loaded: --help loads none. */
const COMMANDS: readonly { name: string; summary: string; load(): Promise<CliCommand<never>> }[] = [
  {
    name: "init",
    summary: "put a GlitchTip beside your services, or a sample app into an empty folder",
    load: async () => (await import("./commands/init.ts")).init,
  },
  {
    name: "verify",
    summary: "send an event from each app's own container and read it back",
    load: async () => (await import("./commands/verify.ts")).verify,
  },
  {
    name: "status",
    summary: "what runs, what the provisioner did, which app has its DSN",
    load: async () => (await import("./commands/status.ts")).status,
  },
  {
    name: "doctor",
    summary: "everything that stands in the way, each with its fix",
    load: async () => (await import("./commands/doctor.ts")).doctor,
  },
  {
    name: "down",
    summary: "stop and remove the project's containers; the data stays",
    load: async () => (await import("./commands/down.ts")).down,
  },
  {
    name: "demo",
    summary: "all of it in a temporary folder, up to an event read back",
    load: async () => (await import("./commands/demo.ts")).demo,
  },
  {
    name: "emulate",
    summary: "run a GlitchTip in memory on loopback, for tests without containers",
    load: async () => (await import("./commands/emulate.ts")).emulate,
  },
];

const program = new Command("glitchtip-compose")
  .description("GlitchTip beside your Docker Compose services: one `up`, and the applications report errors.")
  .version(VERSION)
  .exitOverride()
  .showSuggestionAfterError(true)
  .configureHelp({ showGlobalOptions: true })
  .configureOutput({ writeErr: () => {} });

const [first, second] = process.argv.slice(2).filter((word) => !word.startsWith("-"));
const wanted = first === "help" ? second : first;

for (const { name, summary, load } of COMMANDS) {
  const command = program.command(name).description(summary).exitOverride();
  if (name === wanted) register(command, await load());
}

function register(command: Command, { examples, flags, run }: CliCommand<never>): void {
  command
    .option("--json", "data on stdout as JSON, talk on stderr")
    .option("--debug", "say more")
    .option("-C, --directory <path>", "the project's folder, instead of the current one")
    .addHelpText("after", ["", "Examples:", ...examples.map((line) => `  ${line}`)].join("\n"));
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
