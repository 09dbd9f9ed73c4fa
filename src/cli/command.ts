import type { Command } from "commander";
import type { CliContext } from "./context.ts";

/** What a file in commands/ exports by default. */
export interface CliCommand<Flags extends object = object> {
  /** What the first argument may be, where the command is a group of actions. */
  readonly actions?: readonly string[];
  /** Declares arguments and options. */
  flags?(command: Command): Command;
  /** Returns the folder to work in, where that is not always the one that was named. */
  folder?(context: CliContext, flags: Flags): string;
  run(context: CliContext, flags: Flags, args: readonly string[]): Promise<void>;
}

export interface WorkspaceChange {
  /** Files of the workspace alone, or what is on the engine as well. */
  readonly of: "files" | "stack";
  /** The first arguments that change something, where others only read. */
  readonly actions?: readonly string[];
}

/** A row of the registry: everything that is known about a command before its file is loaded. */
export interface CommandEntry {
  readonly name: string;
  readonly aliases?: readonly string[];
  readonly summary: string;
  /** What the reference says beyond the summary, in whole sentences. */
  readonly details?: string;
  /** The page of docs/ that explains the command. */
  readonly guide?: `docs/${string}.md`;
  /** What an exit code means, where the command uses it otherwise than all commands do. */
  readonly exitCodes?: Readonly<Record<number, string>>;
  /** Which arguments a program in a container gets unchanged: all of them, or those that follow the first name. */
  readonly passThrough?: "all" | "afterName";
  /** What it changes. Only one such command runs in a workspace at a time, unless it is a dry run. */
  readonly changes?: WorkspaceChange;
  /** Command lines, shown below the command's help. */
  readonly examples: readonly string[];
  load(): Promise<{ readonly default: CliCommand<never> }>;
}

export interface CommandGroup {
  /** What `help TOPIC` calls the group. */
  readonly topic: string;
  readonly heading: string;
  readonly commands: readonly CommandEntry[];
}
