import type { Command } from "commander";
import type { CliContext } from "./context.ts";

/** A command's flags and its deed; its name and summary stand in main.ts, which loads the rest when it is wanted. */
export interface CliCommand<Flags extends object = object> {
  /** Lines to type, shown below the help. */
  readonly examples: readonly string[];
  flags?(command: Command): Command;
  run(context: CliContext, flags: Flags, args: readonly string[]): Promise<void>;
}
