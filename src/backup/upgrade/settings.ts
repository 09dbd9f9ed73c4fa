import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import * as z from "zod/mini";
import { writeOne } from "../../base/files.ts";
import { silentLog } from "../../base/log.ts";
import { writeUserFile } from "../../base/user-file.ts";
import { editDeclaration } from "../../config/edit.ts";
import { LOCK_FILE } from "../../stack/lock.ts";
import {
  bringUpToDate,
  readDeclarationText,
  readEnvText,
  readWorkspaceWith,
  setVariable,
  type WorkspaceContext,
} from "../../workspace/index.ts";

const stated = z.nullable(z.union([z.string(), z.record(z.string(), z.string())]));

/** What an upgrade changes in the user's files, with what was there: so it can be put back whatever else is edited later. */
export const settingsShape = z.object({
  /** Of the declaration; null is "not stated". */
  declaration: z.array(z.object({ path: z.array(z.string()), before: stated, after: stated })),
  /** The whole of it before: what nobody has edited since comes back byte by byte. */
  text: z.string(),
  /** Lines of .env that were there. */
  env: z.array(z.object({ name: z.string(), before: z.string(), after: z.string() })),
  /** The digests, where images are pinned. */
  lock: z.optional(z.string()),
});

export type Settings = z.infer<typeof settingsShape>;
export type Side = "before" | "after";

/** A line of .env wins over the declaration, so it has to say the same. */
export const imageLine = (env: Readonly<Record<string, string>>, name: string, after: string): Settings["env"] =>
  env[name] ? [{ name, before: env[name], after }] : [];

/** Comments stay, and what was edited since. */
export function editedDeclaration(current: string, settings: Settings, side: Side): string {
  const edit = (text: string, to: Side) =>
    settings.declaration.reduce(
      (edited, { path, before, after }) =>
        isDeepStrictEqual(before, after)
          ? edited
          : editDeclaration(edited, path, (to === "before" ? before : after) ?? undefined),
      text,
    );
  if (side === "before" && current === edit(settings.text, "after")) return settings.text;
  return edit(current, side);
}

/** Throws where the project could not be made with them, or a managed file is edited by hand; writes nothing. */
export async function checkSettings(context: WorkspaceContext, settings: Settings): Promise<void> {
  const text = editedDeclaration(readDeclarationText(context.dir), settings, "after");
  const project = await readWorkspaceWith(context, text);
  await bringUpToDate(context, project, { stateBy: "declaration", dryRun: true });
}

/** Writes declaration, .env and the managed files; may be done again. */
export async function putSettings(context: WorkspaceContext, settings: Settings, side: Side): Promise<void> {
  const { dir } = context;
  const env = readEnvText(dir);
  const edited = settings.env.reduce((text, one) => setVariable(text, one.name, one[side]), env);
  if (edited !== env) writeUserFile(join(dir, ".env"), edited);
  if (settings.lock !== undefined && side === "before") writeOne(join(dir, LOCK_FILE), settings.lock, 0o644);
  const before = readDeclarationText(dir);
  const text = editedDeclaration(before, settings, side);
  const quiet = { ...context, log: silentLog };
  const project = await readWorkspaceWith(quiet, text);
  await bringUpToDate(quiet, project, { stateBy: "declaration", declarationEdited: text !== before });
}
