import { SERVER } from "../../stack/service-names.ts";
import type { CliCommand } from "../command.ts";
import { openStack, runIn } from "../in-container.ts";

export default {
  flags: (command) => command.argument("[args...]", "manage.py's own, passed on as they are"),
  async run(context, _flags, args) {
    await runIn(context, await openStack(context), { service: SERVER, command: ["./manage.py", ...args] });
  },
} satisfies CliCommand;
