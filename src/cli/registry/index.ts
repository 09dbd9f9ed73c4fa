import type { CommandEntry, CommandGroup } from "../command.ts";
import { CARE_COMMANDS } from "./care.ts";
import { FOR_TOOLS_COMMANDS } from "./for-tools.ts";
import { INSIDE_COMMANDS } from "./inside.ts";
import { LOOK_COMMANDS } from "./look.ts";
import { RUN_COMMANDS } from "./run.ts";
import { SERVER_CONTENT_COMMANDS } from "./server-content.ts";
import { SET_UP_COMMANDS } from "./set-up.ts";

/** The groups of commands, in the order of --help. */
export const COMMAND_GROUPS: readonly CommandGroup[] = [
  SET_UP_COMMANDS,
  RUN_COMMANDS,
  LOOK_COMMANDS,
  INSIDE_COMMANDS,
  SERVER_CONTENT_COMMANDS,
  CARE_COMMANDS,
  FOR_TOOLS_COMMANDS,
];

/** Every command. Nothing is loaded but these rows; `load` imports the command's own file. */
export const COMMANDS: readonly CommandEntry[] = COMMAND_GROUPS.flatMap(({ commands }) => commands);
