import { EXIT } from "../../base/errors.ts";
import { planFiles } from "../../operations/plan-files.ts";
import { conflictIn } from "../../operations/project/bring-up-to-date.ts";
import { projectDocker } from "../../operations/project/docker.ts";
import type { CliCommand } from "../command.ts";
import type { CliContext } from "../context.ts";
import { printDifferences } from "../file-differences.ts";

interface Flags {
  readonly files?: boolean;
}

/** One part of a plan: its own key in --json, its own lines on a screen. */
interface Part {
  readonly changes: boolean;
  readonly json: object;
  print(): void;
}

/** What would be changed, and nothing is. */
export const plan: CliCommand<Flags> = {
  examples: ["glitchtip-compose plan", "glitchtip-compose plan --files --json"],
  flags: (command) => command.option("--files", "only the project's files: what render would change"),
  async run(context) {
    const parts: readonly Part[] = [await filesPart(context)];
    const changes = parts.some((part) => part.changes);
    if (context.json) context.print(JSON.stringify(Object.assign({ changes }, ...parts.map(({ json }) => json))));
    else for (const part of parts) part.print();
    if (!context.json && !changes) context.print("nothing to change");
    if (changes) context.setExitCode(EXIT.changes);
  },
};

async function filesPart(context: CliContext): Promise<Part> {
  const { changes, files } = await planFiles({ ...context, docker: projectDocker(context) });
  for (const place of conflictIn(files, true)?.problems ?? []) context.log.warn(place);
  return { changes, json: { files }, print: () => printDifferences(context, files, "would be ") };
}
