import { Command } from "commander";
import { COMMANDS } from "../registry/index.ts";

export interface TableRow {
  readonly actions: readonly string[];
  readonly options: readonly { readonly word: string; readonly description: string }[];
}

/** What completion knows of each command's own file. */
export type OptionTable = Readonly<Record<string, TableRow>>;

/** Returns the actions and options of every command. The build does this once: loading a command takes longer than a key press may. */
export async function optionTable(): Promise<OptionTable> {
  const rows = COMMANDS.map(async ({ name, load }) => {
    const command = new Command(name);
    const { actions = [], flags }: { actions?: readonly string[]; flags?(command: Command): Command } = (await load())
      .default;
    flags?.(command);
    const options = command.options.flatMap(({ long, description }) => (long ? [{ word: long, description }] : []));
    return [name, { actions, options }] as const;
  });
  return Object.fromEntries(await Promise.all(rows));
}
