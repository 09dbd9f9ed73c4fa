import type { Command } from "commander";
import { CodedError } from "../../base/errors.ts";
import { testChannels } from "../../care/index.ts";
import { readWorkspace } from "../../workspace/index.ts";
import type { CliCommand } from "../command.ts";
import { withProgress } from "../screen.ts";

interface Flags {
  readonly name?: string;
}

export default {
  actions: ["test"],
  flags: (command: Command) =>
    command.argument("[what]", "test: send a message", "test").option("--name <name>", "only to this channel"),
  async run(context, { name }, [what = "test"]) {
    if (what !== "test") {
      throw new CodedError("GC1001", `notify: there is no action "${what}"`, {
        remedy: "Type: npx glitchtip-compose notify test",
      });
    }
    const project = readWorkspace(context.dir);
    const say = (text: string) => context.log.step(text);
    const sent = await withProgress(context, "sending a test message", () =>
      testChannels(project, name, { ...context, say }),
    );
    context.print(context.json ? JSON.stringify({ sent }) : `accepted by ${sent.join(", ")}`);
  },
} satisfies CliCommand<Flags>;
