import { conflictIn, planFiles, workspaceDocker } from "../workspace/index.ts";
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
  const { changes, files } = await planFiles({ ...context, docker: workspaceDocker(context) });
  for (const place of conflictIn(files, true)?.problems ?? []) context.log.warn(place);
  return { changes, json: { files }, print: () => printDifferences(context, files, "would be ") };
}
