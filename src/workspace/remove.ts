import { didYouMean } from "../base/did-you-mean.ts";
import { CodedError } from "../base/errors.ts";
import { editDeclaration } from "../config/edit.ts";
import { loadDeclaration } from "../config/load.ts";
import { bringUpToDate, type WorkspaceContext, type WorkspaceResult } from "./bring-up-to-date.ts";
import { DECLARATION_FILE, readDeclarationText, readWorkspaceWith } from "./read.ts";

/** Takes a service out: it starts without our wrapper from the next `up` on. Its project and what it reported stay. */
export async function remove(
  context: WorkspaceContext,
  service: string,
  { dryRun = false }: { readonly dryRun?: boolean } = {},
): Promise<WorkspaceResult> {
  const before = readDeclarationText(context.dir);
  const { apps } = loadDeclaration(before, DECLARATION_FILE);
  const app = Object.hasOwn(apps, service) ? apps[service] : undefined;
  if (app === undefined) {
    const names = Object.keys(apps);
    throw new CodedError("GC1104", `glitchtip.yaml has no app "${service}"${didYouMean(service, names)}`, {
      remedy: `It has ${names.join(", ") || "none"}.`,
    });
  }
  const text = editDeclaration(before, ["apps", service], undefined);
  const project = await readWorkspaceWith(context, text);
  const result = await bringUpToDate(context, project, { dryRun, declarationEdited: true, stateBy: "declaration" });
  if (
    app.project !== undefined &&
    !Object.values(project.declaration.apps).some((other) => other.project === app.project)
  ) {
    context.log.info(
      `project ${app.project} stays declared; take it out of glitchtip.yaml if nothing else reports to it`,
    );
  }
  return result;
}
