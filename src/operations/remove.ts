import { didYouMean } from "../base/did-you-mean.ts";
import { CodedError } from "../base/errors.ts";
import { editDeclaration } from "../config/edit.ts";
import { loadDeclaration } from "../config/load.ts";
import { bringUpToDate, type ProjectContext, type ProjectResult } from "./project/bring-up-to-date.ts";
import { DECLARATION_FILE, readDeclarationText, readProjectWith } from "./project/read.ts";

/** Takes a service out: it starts without our wrapper from the next `up` on. Its project and what it reported stay. */
export async function remove(
  context: ProjectContext,
  service: string,
  { dryRun = false }: { readonly dryRun?: boolean } = {},
): Promise<ProjectResult> {
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
  const project = await readProjectWith(context, text);
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
