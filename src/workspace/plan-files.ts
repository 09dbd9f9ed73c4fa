import type { WorkspaceContext } from "./bring-up-to-date.ts";
import { differencesOf, type FileDifference } from "./difference.ts";
import { render } from "./render.ts";

export interface FilesPlan {
  /** Something would be written, or waits for a person: a file that cannot be merged. */
  readonly changes: boolean;
  readonly files: readonly FileDifference[];
}

/** What `render` would do to the project's files; nothing is written, pulled or asked. */
export async function planFiles(context: WorkspaceContext): Promise<FilesPlan> {
  const { files, nothingToChange } = await render(context, { dryRun: true });
  return { changes: !nothingToChange, files: await differencesOf(files) };
}
