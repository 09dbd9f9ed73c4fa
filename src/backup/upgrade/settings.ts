import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import * as z from "zod/mini";
import { writeOne } from "../../base/files.ts";
import { silentLog } from "../../base/log.ts";
import { writeUserFile } from "../../base/user-file.ts";
import { editDeclaration } from "../../config/edit.ts";
import { LOCK_FILE } from "../../stack/lock.ts";
import {
  readDeclarationText,
  readEnvText,
  readWorkspaceWith,
  setVariable,
  updateWorkspace,
  type WorkspaceContext,
} from "../../workspace/index.ts";

const stated = z.nullable(z.union([z.string(), z.record(z.string(), z.string())]));

/** What an upgrade changes in the workspace's files, with the values before, so that it can be undone after other edits. */
export const settingsChange = z.object({
  /** Keys of the declaration; null where a key is not stated. */
  declaration: z.array(z.object({ path: z.array(z.string()), before: stated, after: stated })),
  /** The whole declaration before: it is restored byte by byte where nobody has edited it since. */
  text: z.string(),
  /** Variables that .env had before. */
  env: z.array(z.object({ name: z.string(), before: z.string(), after: z.string() })),
  /** The file with the pinned digests, where images are pinned. */
  lock: z.optional(z.string()),
});

export type SettingsChange = z.infer<typeof settingsChange>;
type Moment = "before" | "after";

/** Returns the change of a variable in .env, where it has one: that line overrides the declaration. */
export const envChange = (env: Readonly<Record<string, string>>, name: string, after: string): SettingsChange["env"] =>
  env[name] ? [{ name, before: env[name], after }] : [];

/** Returns the declaration with the values of this moment. Comments and other edits are kept. */
export function editedDeclaration(current: string, settings: SettingsChange, moment: Moment): string {
  const edit = (text: string, to: Moment) =>
    settings.declaration.reduce(
      (edited, { path, before, after }) =>
        isDeepStrictEqual(before, after)
          ? edited
          : editDeclaration(edited, path, (to === "before" ? before : after) ?? undefined),
      text,
    );
  if (moment === "before" && current === edit(settings.text, "after")) return settings.text;
  return edit(current, moment);
}

/** Throws where the files could not be generated with the new values, or a managed one was edited by hand. Writes nothing. */
export async function checkSettings(context: WorkspaceContext, settings: SettingsChange): Promise<void> {
  const text = editedDeclaration(readDeclarationText(context.dir), settings, "after");
  const workspace = await readWorkspaceWith(context, text);
  await updateWorkspace(context, workspace, { stateBy: "declaration", dryRun: true });
}

/** Writes declaration, .env and the managed files with the values of this moment. May be executed again. */
export async function writeSettings(
  context: WorkspaceContext,
  settings: SettingsChange,
  moment: Moment,
): Promise<void> {
  const { dir } = context;
  const env = readEnvText(dir);
  const edited = settings.env.reduce((text, one) => setVariable(text, one.name, one[moment]), env);
  if (edited !== env) writeUserFile(join(dir, ".env"), edited);
  if (settings.lock !== undefined && moment === "before") writeOne(join(dir, LOCK_FILE), settings.lock, 0o644);
  const before = readDeclarationText(dir);
  const text = editedDeclaration(before, settings, moment);
  const quiet = { ...context, log: silentLog };
  const workspace = await readWorkspaceWith(quiet, text);
  await updateWorkspace(quiet, workspace, { stateBy: "declaration", declarationEdited: text !== before });
}
