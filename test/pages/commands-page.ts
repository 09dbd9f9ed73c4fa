import { Command, type Option } from "commander";
import type { CommandEntry, CommandGroup } from "../../src/cli/command.ts";
import { COMMAND_GROUPS } from "../../src/cli/registry/index.ts";

const INTRODUCTION = [
  "# Commands",
  "",
  "This page is generated from the program's registry of commands; `glitchtip-compose help all` prints the same list, and",
  "`glitchtip-compose COMMAND --help` the same options. Every command has `--json` (data on stdout, messages on stderr), `--debug`",
  "and `-C FOLDER`. Without a terminal, nothing is asked. How the commands for daily work behave: [daily.md](daily.md).",
  "",
  "| exit code | meaning |",
  "| --- | --- |",
  "| 0 | done |",
  "| 1 | failed |",
  "| 2 | wrong usage, or mistakes in the declaration |",
  "| 3 | something would change: `plan`, `render --check`, `provision --check` and the like |",
  "| 4 | not ready in time |",
  "| 130 | interrupted; the same command goes on |",
  "",
  "Each expected error has a code such as `GC1203`: [errors.md](errors.md).",
];

const escaped = (text: string): string => text.replaceAll("|", "\\|").replaceAll("<", "&lt;");

/** Returns a command as commander builds it, with its arguments and options. */
async function definedCommand({ name, load }: CommandEntry): Promise<Command> {
  const command = new Command(name);
  (await load()).default.flags?.(command);
  return command;
}

/** Returns a table of options for each heading under which --help shows them. */
function optionTables(options: readonly Option[]): string[] {
  const headings = [...new Set(options.map(({ helpGroupHeading = "" }) => helpGroupHeading))];
  return headings.flatMap((heading) => [
    "",
    `| ${heading === "" ? "option" : heading.replace(/:$/, "")} | |`,
    "| --- | --- |",
    ...options
      .filter(({ helpGroupHeading = "" }) => helpGroupHeading === heading)
      .map(({ flags, description }) => `| \`${flags.replaceAll("|", "\\|")}\` | ${escaped(description)} |`),
  ]);
}

async function section(entry: CommandEntry): Promise<string[]> {
  const { name, aliases = [], summary, details, guide, examples, exitCodes = {} } = entry;
  const command = await definedCommand(entry);
  const words = command.registeredArguments.map((argument) => {
    const shown = argument.variadic ? `${argument.name()}...` : argument.name();
    return argument.required ? `<${shown}>` : `[${shown}]`;
  });
  return [
    "",
    `### ${name}`,
    "",
    `${summary[0]?.toUpperCase()}${summary.slice(1)}.${details === undefined ? "" : ` ${details}`}`,
    ...(guide === undefined ? [] : ["", `Guide: [${guide}](${guide.replace("docs/", "")})`]),
    ...(aliases.length === 0 ? [] : ["", `Also called \`${aliases.join("`, `")}\`.`]),
    "",
    "```",
    [`glitchtip-compose ${name}`, ...(command.options.length === 0 ? [] : ["[options]"]), ...words].join(" "),
    "```",
    ...optionTables(command.options),
    "",
    "```sh",
    ...examples,
    "```",
    ...Object.entries(exitCodes).flatMap(([code, meaning]) => ["", `Exit code ${code}: ${meaning}.`]),
  ];
}

const anchor = (heading: string): string =>
  heading
    .toLowerCase()
    .replace(/[^a-z0-9 -]/g, "")
    .replaceAll(" ", "-");

function overview({ heading, commands }: CommandGroup): string[] {
  const title = heading.replace(/:$/, "");
  return [
    "",
    `| [${title}](#${anchor(title)}) | |`,
    "| --- | --- |",
    ...commands.map(({ name, summary }) => `| [\`${name}\`](#${name}) | ${escaped(summary)} |`),
  ];
}

/** Returns the lines of docs/commands.md. */
export async function commandsPage(): Promise<string[]> {
  const lines = [...INTRODUCTION, ...COMMAND_GROUPS.flatMap(overview)];
  for (const { heading, commands } of COMMAND_GROUPS) {
    lines.push("", `## ${heading.replace(/:$/, "")}`);
    for (const entry of commands) lines.push(...(await section(entry)));
  }
  return lines;
}
