import { differencesOf, type FileDifference } from "./difference.ts";
import { renderFiles } from "./render.ts";
import type { WorkspaceContext } from "./update.ts";

export interface FilesPlan {
  /** Something would be written, or waits for a person: a file that cannot be merged. */
  readonly changes: boolean;
  readonly files: readonly FileDifference[];
}

/** What `render` would do to the project's files; nothing is written, pulled or asked. */
export async function planFiles(context: WorkspaceContext): Promise<FilesPlan> {
  const { files, nothingToChange } = await renderFiles(context, { dryRun: true });
  return { changes: !nothingToChange, files: await differencesOf(files) };
}
