import { SERVER } from "../../stack/service-names.ts";
import type { CliCommand } from "../command.ts";
import { openStack, runIn } from "../in-container.ts";

export default {
  flags: (command) => command.argument("[args...]", "arguments of manage.py, passed on unchanged"),
  async run(context, _flags, args) {
    await runIn(context, await openStack(context), { service: SERVER, command: ["./manage.py", ...args] });
  },
} satisfies CliCommand;
