import { serviceNamed } from "../../running/index.ts";
import type { CliCommand } from "../command.ts";
import { openStack, runIn } from "../in-container.ts";

interface Flags {
  readonly root?: boolean;
}

/** Starts bash, or sh where the image has no bash. */
const SHELL = ["sh", "-c", "if command -v bash >/dev/null 2>&1; then exec bash; else exec sh; fi"];

export default {
  flags: (command) =>
    command
      .argument("[service]", "a service, or web, worker, db, valkey, proxy", "web")
      .argument("[command...]", "a command to run instead of a shell, passed on unchanged")
      .option("--root", "as root instead of the container's own user"),
  async run(context, { root = false }, [name = "web", ...words]) {
    const open = await openStack(context);
    await runIn(context, open, {
      service: serviceNamed(open.stack.config.services, open.declaration, name),
      command: words.length > 0 ? words : SHELL,
      user: root ? "0:0" : undefined,
    });
  },
} satisfies CliCommand<Flags>;
