import type { CommandEntry, CommandGroup } from "../command.ts";
import { CARE } from "./care.ts";
import { FOR_TOOLS } from "./for-tools.ts";
import { INSIDE } from "./inside.ts";
import { LOOK } from "./look.ts";
import { RUN } from "./run.ts";
import { SERVER_CONTENT } from "./server-content.ts";
import { SET_UP } from "./set-up.ts";

/** The groups of commands, in the order of --help. */
export const COMMAND_GROUPS: readonly CommandGroup[] = [SET_UP, RUN, LOOK, INSIDE, SERVER_CONTENT, CARE, FOR_TOOLS];

/** Every command. Nothing is loaded but these rows; `load` imports the command's own file. */
export const COMMANDS: readonly CommandEntry[] = COMMAND_GROUPS.flatMap(({ commands }) => commands);
