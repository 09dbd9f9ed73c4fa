import { COMMANDS } from "../registry/index.ts";
import { GLOBAL_OPTIONS, OPTION_VALUES, type SHELLS } from "./candidates.ts";
import type { OptionTable } from "./option-table.ts";

type Shell = (typeof SHELLS)[number];

interface Described {
  readonly word: string;
  readonly description: string;
}

/** What may follow a command, or the program where the pattern is empty. */
interface Row {
  readonly names: readonly string[];
  readonly options: readonly Described[];
  readonly actions: readonly Described[];
}

/**
 * Returns a shell's script: its template with every command, option and action in it, so that a key press starts the
 * program only for the names of a workspace.
 */
export function completionScript(shell: Shell, template: string, table: OptionTable): string {
  const write = WRITERS[shell];
  const values = Object.keys(OPTION_VALUES);
  return template
    .replace("@ROWS@\n", () => rowsOf(table).map(write).join(""))
    .replace(
      "@VALUES@",
      shell === "fish" ? values.map((word) => ` ${word}`).join("") : values.map((word) => ` | ${word}`).join(""),
    );
}

function rowsOf(table: OptionTable): Row[] {
  const described = (all: readonly { word: string; description?: string }[]): Described[] =>
    all.map(({ word, description = "" }) => ({ word, description: description.split("\n", 1)[0] ?? "" }));
  const commands = COMMANDS.map(({ name, summary }) => ({ word: name, description: summary }));
  return [
    { names: [""], options: described(GLOBAL_OPTIONS), actions: commands },
    ...COMMANDS.map(({ name, aliases = [] }) => ({
      names: [name, ...aliases],
      options: described([...(table[name]?.options ?? []), ...GLOBAL_OPTIONS]),
      actions: described((table[name]?.actions ?? []).map((word) => ({ word }))),
    })),
  ];
}

const bashWords = (all: readonly Described[]): string => all.map(({ word }) => word).join(" ");
const zshQuoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;
const zshWords = (all: readonly Described[]): string =>
  all.map(({ word, description }) => zshQuoted(description === "" ? word : `${word}:${description}`)).join(" ");
const fishQuoted = (text: string): string => `'${text.replaceAll(/['\\]/g, "\\$&")}'`;
const pattern = (names: readonly string[]): string => names.map((name) => (name === "" ? "''" : name)).join(" | ");

function fishCase(names: readonly string[], kind: string, all: readonly Described[]): string {
  if (all.length === 0) return "";
  const words = all.map(({ word, description }) => `${fishQuoted(word)} ${fishQuoted(description)}`).join(" ");
  const cases = names.map((name) => fishQuoted(`${name} ${kind}`)).join(" ");
  return `        case ${cases}\n            printf '%s\\t%s\\n' ${words}\n`;
}

const WRITERS: Readonly<Record<Shell, (row: Row) => string>> = {
  bash: ({ names, options, actions }) =>
    `    ${pattern(names)}) options="${bashWords(options)}" actions="${bashWords(actions)}" ;;\n`,
  zsh: ({ names, options, actions }) =>
    `    ${pattern(names)}) options=(${zshWords(options)}) actions=(${zshWords(actions)}) ;;\n`,
  fish: ({ names, options, actions }) => fishCase(names, "options", options) + fishCase(names, "actions", actions),
  powershell: () => "",
};
