import type { Command } from "commander";
import type { CliContext } from "./context.ts";

/** A command's flags and its deed. The deed loads what it needs when it is called, so that --help loads nothing. */
export interface CliCommand<Flags extends object = object> {
  readonly name: string;
  readonly summary: string;
  /** Lines to type, shown below the help. */
  readonly examples: readonly string[];
  flags?(command: Command): Command;
  run(context: CliContext, flags: Flags, args: readonly string[]): Promise<void>;
}
