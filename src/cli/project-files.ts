import { conflictIn, type WorkspaceResult } from "../workspace/index.ts";
import type { CliContext } from "./context.ts";
import { reportError } from "./context.ts";
import { printDifferences } from "./file-differences.ts";

/** Whether to pull or build can be asked on a terminal. */
export const questionsOf = (context: CliContext): { ask?(question: string): Promise<boolean> } =>
  context.interactive
    ? { ask: async (question) => (await import("./screen.ts")).confirmed(context, question, "--pull or --build") }
    : {};

/**
 * What became of a project's files, for every command that writes them. Throws GC1105 where a file could not be merged;
 * with --json that is said in the one value.
 */
export async function show(
  context: CliContext,
  { files, ...result }: WorkspaceResult,
  { diffs = false }: { readonly diffs?: boolean } = {},
): Promise<void> {
  const conflict = conflictIn(files, result.dryRun);
  const shown = diffs ? await (await import("../workspace/index.ts")).differencesOf(files) : named(files);
  if (context.json) {
    const error = conflict === undefined ? {} : { error: conflict };
    context.print(JSON.stringify({ ...result, files: shown, ...error }));
    if (conflict !== undefined)
      reportError(conflict, { ...context, json: false }, (text) => context.log.info(text.trimEnd()));
    return;
  }
  printDifferences(context, shown, result.dryRun ? "would be " : "");
  if (conflict !== undefined) throw conflict;
  if (result.nothingToChange) context.print("nothing to change");
  for (const { service, project, variables } of result.services) {
    context.print(`${service}: ${variables.join(", ")} from ${project === undefined ? "you" : `project ${project}`}`);
  }
  if (result.dryRun) return;
  const { url, admin, next } = result;
  const password = admin?.passwordFile === undefined ? "" : `, password in ${admin.passwordFile}`;
  const account = admin === undefined ? "" : ` (${admin.email}${password})`;
  if (url !== undefined) context.print(`GlitchTip: ${url}${account}`);
  context.print(`next: ${next}`);
}

const named = (files: WorkspaceResult["files"]) => files.map(({ before: _, after: __, ...file }) => file);
