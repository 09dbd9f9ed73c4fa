import { CodedError } from "../../base/errors.ts";
import { serverKind, superuserOf } from "../../config/server.ts";
import { openDocker } from "../../docker/index.ts";
import { madeAdminPassword } from "../../running/index.ts";
import { readWorkspace } from "../../workspace/index.ts";
import type { CliCommand } from "../command.ts";

interface Flags {
  readonly show?: boolean;
}

export default {
  flags: (command) => command.option("--show", "print it also where stdout is no terminal"),
  async run(context, { show = false }) {
    const { declaration } = readWorkspace(context.dir, context.env);
    if (serverKind(declaration) !== "bundled") {
      throw new CodedError("GC1001", "this workspace starts no GlitchTip, so it has no administrator's password", {
        remedy: "Ask whoever runs the server.",
      });
    }
    if (!show && !context.stdoutIsTerminal) {
      throw new CodedError("GC1001", "stdout is no terminal, so the password would go into a file or a pipe", {
        remedy: "If that is meant: npx glitchtip-compose password --show",
      });
    }
    const password = (await madeAdminPassword(openDocker(context))).reveal();
    const { email } = superuserOf(declaration);
    context.print(context.json ? JSON.stringify({ email, password }) : password);
  },
} satisfies CliCommand<Flags>;
