import { CodedError } from "../../base/errors.ts";
import { serviceOfPart } from "../../running/index.ts";
import type { CliCommand } from "../command.ts";
import { openStack, runIn } from "../in-container.ts";

const CLIENT = 'if command -v valkey-cli >/dev/null 2>&1; then exec valkey-cli "$@"; else exec redis-cli "$@"; fi';

export default {
  flags: (command) => command.argument("[args...]", "arguments of valkey-cli, passed on unchanged"),
  async run(context, _flags, args) {
    const open = await openStack(context);
    const service = serviceOfPart(open.stack.config.services, open.declaration, "valkey");
    if (service === undefined) {
      throw new CodedError("GC1104", "this stack has no Valkey: GlitchTip's jobs are in Postgres", {
        remedy: "Look at them with: npx glitchtip-compose status, or psql.",
      });
    }
    await runIn(context, open, { service, command: ["sh", "-c", CLIENT, "valkey-cli", ...args] });
  },
} satisfies CliCommand;
