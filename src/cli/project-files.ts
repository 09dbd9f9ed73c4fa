import type { ProjectResult } from "../operations/project/bring-up-to-date.ts";
import type { CliContext } from "./context.ts";

/** Whether to pull or build can be asked on a terminal. */
export const questionsOf = (context: CliContext): { ask?(question: string): Promise<boolean> } =>
  context.interactive
    ? { ask: async (question) => (await import("./screen.ts")).confirmed(context, question, "--pull or --build") }
    : {};

/** A list of words as JSON, or undefined. */
export function words(text: string): string[] | undefined {
  try {
    const parsed: unknown = JSON.parse(text);
    return Array.isArray(parsed) && parsed.every((word) => typeof word === "string") ? parsed : undefined;
  } catch {
    return undefined;
  }
}

/** What became of a project's files, for every command that writes them. */
export function show(context: CliContext, result: ProjectResult): void {
  if (context.json) {
    context.print(JSON.stringify(result));
    return;
  }
  const would = result.dryRun ? "would be " : "";
  for (const path of result.created) context.print(`${would}made     ${path}`);
  for (const path of result.changed) context.print(`${would}changed  ${path}`);
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
