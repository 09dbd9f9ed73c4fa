import { planFiles } from "../operations/plan-files.ts";
import { conflictIn } from "../operations/project/bring-up-to-date.ts";
import { projectDocker } from "../operations/project/docker.ts";
import type { CliContext } from "./context.ts";
import { printDifferences } from "./file-differences.ts";

/** One part of a plan: its own keys in --json, its own lines on a screen. */
export interface Part {
  readonly changes: boolean;
  readonly failed?: boolean;
  readonly json: object;
  print(): void;
}

/** What render would change. */
export async function filesPart(context: CliContext): Promise<Part> {
  const { changes, files } = await planFiles({ ...context, docker: projectDocker(context) });
  for (const place of conflictIn(files, true)?.problems ?? []) context.log.warn(place);
  return { changes, json: { files }, print: () => printDifferences(context, files, "would be ") };
}
