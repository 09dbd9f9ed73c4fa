import type { WorkspaceNames } from "../../config/workspace-names.ts";
import type { CommandEntry } from "../command.ts";
import { COMMANDS } from "../registry/index.ts";
import type { OptionTable, TableRow } from "./option-table.ts";

export interface Candidate {
  readonly word: string;
  readonly description?: string;
}

export const SHELLS = ["bash", "zsh", "fish", "powershell"] as const;

/** GlitchTip's parts, as `logs`, `restart` and `shell` name them. */
const PARTS = ["web", "worker", "db", "valkey", "proxy", "migrate", "provision", "backup"];

type Words = (names: WorkspaceNames, row: TableRow) => readonly string[];

const parts: Words = (names) => [...PARTS, ...names.services()];
const apps: Words = (names) => names.apps();
const services: Words = (names) => names.services();
const backups: Words = (names) => ["latest", ...names.backups()];
const actions: Words = (_, row) => row.actions;

/** What the arguments of a command are; the last one repeats. */
const ARGUMENTS: Readonly<Record<string, readonly Words[]>> = {
  add: [services],
  remove: [apps],
  verify: [apps],
  rotate: [apps],
  provision: [apps],
  logs: [parts],
  restart: [parts],
  shell: [parts],
  build: [services],
  restore: [backups],
  backup: [actions, backups],
  alert: [actions, (names) => names.alerts()],
  care: [actions, () => ["web", "worker"]],
  completion: [() => SHELLS],
};

const ALL_ACTIONS: readonly Words[] = [actions, () => []];

/** What the values of options are, in every command that has the option. */
export const OPTION_VALUES: Readonly<Record<string, (names: WorkspaceNames) => readonly string[]>> = {
  "--project": (names) => names.projects(),
  "--instance": (names) => names.servers(),
  "--app": (names) => names.services().map((service) => `${service}=`),
};

export const GLOBAL_OPTIONS: readonly Candidate[] = [
  { word: "--help", description: "display help for command" },
  { word: "--json", description: "data on stdout as JSON, talk on stderr" },
  { word: "--directory", description: "the project's folder, instead of the current one" },
  { word: "--debug", description: "say more" },
];

/**
 * Returns what the last word of a command line may become. The words are those after the program's name; the last one is
 * what has been typed of it. None: the shell offers files.
 */
export function candidatesFor(
  words: readonly string[],
  names: WorkspaceNames,
  table: OptionTable,
): readonly Candidate[] {
  const last = words.at(-1) ?? "";
  const all = possible(words.slice(0, -1), last, names, table);
  return all.filter(({ word }) => word.startsWith(last) && word !== "");
}

function possible(
  before: readonly string[],
  last: string,
  names: WorkspaceNames,
  table: OptionTable,
): readonly Candidate[] {
  const [name, ...given] = withoutFolder(before);
  if (/^(-C|--directory)$/.test(before.at(-1) ?? "")) return [];
  if (name === undefined) return last.startsWith("-") ? GLOBAL_OPTIONS : commands();
  if (name === "help") return commands();
  const entry = COMMANDS.find((one) => one.name === name || one.aliases?.includes(name));
  const row = table[entry?.name ?? ""];
  if (entry === undefined || row === undefined) return [];
  const values = optionValues(before.at(-1) ?? "", last, names);
  if (values !== undefined) return values;
  if (last.startsWith("-")) return [...row.options, ...GLOBAL_OPTIONS];
  return entry.passThrough === "all" ? [] : argumentsOf(entry, given, names, row);
}

/** Returns the values of the option that is the word before, or that the word itself assigns by `=`. */
function optionValues(previous: string, last: string, names: WorkspaceNames): Candidate[] | undefined {
  const values = OPTION_VALUES[previous];
  if (values !== undefined) return values(names).map(asCandidate);
  const [assigned, option = ""] = /^(--[\w-]+)=/.exec(last) ?? [];
  if (assigned === undefined) return undefined;
  return (OPTION_VALUES[option]?.(names) ?? []).map((value) => asCandidate(assigned + value));
}

function argumentsOf(entry: CommandEntry, given: readonly string[], names: WorkspaceNames, row: TableRow): Candidate[] {
  const typed = given.filter((word) => !word.startsWith("-"));
  const kinds = ARGUMENTS[entry.name] ?? ALL_ACTIONS;
  const found = kinds[Math.min(typed.length, kinds.length - 1)]?.(names, row);
  return [...new Set(found)].filter((word) => !typed.includes(word)).map(asCandidate);
}

const asCandidate = (word: string): Candidate => ({ word });

const commands = (): Candidate[] => COMMANDS.map(({ name, summary }) => ({ word: name, description: summary }));

/** Returns the words from the command's name on: without the program's own options. */
function withoutFolder(words: readonly string[]): readonly string[] {
  const at = words.findIndex((word, i) => !word.startsWith("-") && !/^(-C|--directory)$/.test(words[i - 1] ?? ""));
  return at < 0 ? [] : words.slice(at);
}

/** Splits the typed part of a command line, as shells quote words; the last word may be empty or its quote open. */
export function typedWords(line: string): string[] {
  const words = [""];
  for (const [part] of line.matchAll(/\\.|'[^']*'?|"(?:\\.|[^"\\])*"?|\s+|[^\\'"\s]+/gsu)) {
    if (/^\s/.test(part)) words.push("");
    else words[words.length - 1] += unquoted(part);
  }
  return words;
}

function unquoted(part: string): string {
  if (part.startsWith("\\")) return part.slice(1);
  if (part.startsWith("'")) return part.replace(/^'|'$/g, "");
  return part.startsWith('"') ? part.replace(/^"|"$/g, "").replace(/\\(.)/gsu, "$1") : part;
}

/** Returns the folder that a command line names by -C, or undefined. */
export function folderIn(words: readonly string[]): string | undefined {
  const at = words.findIndex((word) => word === "-C" || word === "--directory");
  return at < 0 ? undefined : words[at + 1];
}
