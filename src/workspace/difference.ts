import { type FileState, isForPeople, MOST_EDITS, type PlannedFile } from "./decisions.ts";
import type { Conflict } from "./merge.ts";

/** One file of a project, and what will become of it. */
export interface FileDifference {
  readonly path: string;
  readonly state: FileState;
  /** Unified, as `git apply` and `patch -p1` take it. Not of secrets, and not of bundled programs. */
  readonly diff?: string;
  readonly conflicts?: readonly Conflict[];
  readonly broken?: string;
  readonly notNeeded?: true;
}

const NOTHING = "/dev/null";

/** With the difference of each file. jsdiff is loaded only where there is one to show. */
export async function differencesOf(files: readonly PlannedFile[]): Promise<FileDifference[]> {
  return await Promise.all(
    files.map(async ({ before, after, ...file }) => {
      const texts = [before, after].filter((text) => text !== undefined);
      if (texts.length === 0 || before === after || !texts.every(isForPeople)) return file;
      return { ...file, diff: await diffOf(file.path, before, after) };
    }),
  );
}

async function diffOf(path: string, before: string | undefined, after: string | undefined): Promise<string> {
  const { createTwoFilesPatch, FILE_HEADERS_ONLY } = await import("diff");
  // The lines around ours in .env are the user's, and may be secrets: they are not shown.
  const isEnv = path === ".env";
  const whole = (text: string) => (isEnv && text !== "" && !text.endsWith("\n") ? `${text}\n` : text);
  const patch = createTwoFilesPatch(
    before === undefined ? NOTHING : `a/${path}`,
    after === undefined ? NOTHING : `b/${path}`,
    whole(before ?? ""),
    whole(after ?? ""),
    undefined,
    undefined,
    { context: isEnv ? 0 : 3, headerOptions: FILE_HEADERS_ONLY, maxEditLength: MOST_EDITS },
  );
  return patch ?? `${path} is another text: too much is different to show it\n`;
}
