import { CodedError } from "../../base/errors.ts";
import { lastLines } from "../../docker/index.ts";
import { isSingleContainer, runningContainer } from "../../running/index.ts";
import { INIT, SERVER } from "../../stack/service-names.ts";
import type { CliCommand } from "../command.ts";
import { openStack } from "../in-container.ts";
import { withProgress } from "../screen.ts";

/** GlitchTip's own script. `manage.py migrate` alone makes neither partitions nor the cache table. */
const SCRIPT = "bin/run-migrate.sh";

/** Does now what every `up` does where something has changed. */
export default {
  async run(context) {
    const { docker, stack } = await openStack(context);
    const { services } = stack.config;
    if (services[INIT] === undefined && !isSingleContainer(services)) {
      throw new CodedError("GC1104", "this workspace starts no GlitchTip, so there is nothing to migrate here");
    }
    const lines: string[] = [];
    // The database runs inside the single container: a second container would not find it.
    const inItsPlace = (onStdoutLine: (line: string) => void) =>
      isSingleContainer(services)
        ? docker.cli(["exec", runningContainer(stack, SERVER).id, SCRIPT], { onStdoutLine })
        : docker.compose.run(INIT, [], { entrypoint: SCRIPT, onStdoutLine });
    const { code, stderr } = await withProgress(context, `running ${SCRIPT}`, ({ say }) =>
      inItsPlace((line) => {
        lines.push(line);
        say(line);
      }),
    );
    if (code !== 0) {
      throw new CodedError("GC1605", `${SCRIPT} ended with exit code ${code}`, {
        problems: [...lines.slice(-5), ...lastLines(stderr, 5)],
        remedy: "Is the database up? npx glitchtip-compose status",
      });
    }
    const applied = lines.flatMap((line) => /^\s*Applying (\S+)\.\.\. OK/.exec(line)?.[1] ?? []);
    if (context.json) context.print(JSON.stringify({ migrated: true, applied }));
    else context.print(applied.length === 0 ? "there was nothing to migrate" : `applied ${applied.join(", ")}`);
  },
} satisfies CliCommand;
