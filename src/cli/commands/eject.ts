import { ejectFiles } from "../../workspace/index.ts";
import type { CliCommand } from "../command.ts";
import { type ConfirmationFlags, withConfirmation } from "../confirmation.ts";

export default {
  flags: (command) =>
    withConfirmation(command.argument("[files...]", "paths as in .glitchtip/manifest.json; default: all"), "eject"),
  async run(context, { dryRun = false }, files) {
    const result = ejectFiles(context, files, { dryRun });
    if (context.json) {
      context.print(JSON.stringify(result));
      return;
    }
    for (const path of result.already) context.print(`yours already  ${path}`);
    for (const path of result.ejected) context.print(`${dryRun ? "would be yours" : "yours now"}  ${path}`);
    if (dryRun || result.ejected.length === 0) return;
    context.print("To have one managed again: npx glitchtip-compose render --adopt FILE");
  },
} satisfies CliCommand<ConfirmationFlags>;
