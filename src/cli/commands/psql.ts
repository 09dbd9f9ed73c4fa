import { databaseService, PSQL_PREAMBLE } from "../../running/index.ts";
import type { CliCommand } from "../command.ts";
import { openStack, runIn } from "../in-container.ts";

export default {
  flags: (command) => command.argument("[args...]", "arguments of psql, passed on unchanged"),
  async run(context, _flags, args) {
    const open = await openStack(context);
    const service = databaseService(open.stack.config.services);
    await runIn(context, open, {
      service,
      command: ["sh", "-c", `${PSQL_PREAMBLE}unset PGOPTIONS\nexec psql "$@"`, "psql", ...args],
    });
  },
} satisfies CliCommand;
