import { didYouMean } from "../base/did-you-mean.ts";
import { CodedError } from "../base/errors.ts";
import { editDeclaration } from "../config/edit.ts";
import { loadDeclaration } from "../config/load.ts";
import type { Audience, Declaration } from "../config/schema.ts";
import { DECLARATION_FILE, readDeclarationText } from "./declaration-file.ts";
import type { ImageOptions } from "./images.ts";
import { updateWorkspace, type WorkspaceContext, type WorkspaceResult } from "./update.ts";
import { readWorkspaceWith } from "./workspace.ts";

/** What a person may say to `add`; each has a flag. */
export interface AddOptions extends ImageOptions {
  /** Default: the service's name. */
  readonly project?: string;
  /** A reference to a DSN of its own, instead of a project. */
  readonly dsn?: string;
  readonly variables?: readonly string[];
  readonly audience?: Audience;
  readonly preset?: string;
  readonly entrypoint?: readonly string[];
  readonly command?: readonly string[];
}

/** Gives one more service a DSN: an entry in the declaration, then its lines in the managed files. */
export async function addApp(
  context: WorkspaceContext,
  service: string,
  options: AddOptions = {},
): Promise<WorkspaceResult> {
  const before = readDeclarationText(context.dir, `npx glitchtip-compose init --app ${service}=PROJECT`);
  const declaration = loadDeclaration(before, DECLARATION_FILE);
  const text = Object.hasOwn(declaration.apps, service)
    ? unchanged(before, declaration, service, options)
    : withApp(before, declaration, service, options);
  const project = await readWorkspaceWith(context, text);
  return await updateWorkspace(context, project, {
    ...options,
    declarationEdited: text !== before,
    stateBy: text === before ? "declaration" : "add",
  });
}

function withApp(text: string, { projects }: Declaration, service: string, options: AddOptions): string {
  const { project = service, dsn } = options;
  if (dsn !== undefined) return editDeclaration(text, ["apps", service], { ...stated(options) });
  const entry = { project, ...stated(options) };
  const withProject = Object.hasOwn(projects, project)
    ? text
    : editDeclaration(text, ["projects", project], { team: "developers" });
  return editDeclaration(withProject, ["apps", service], entry);
}

const stated = ({ dsn, audience, preset, variables, entrypoint, command }: AddOptions): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries({ dsn, audience, preset, variables, entrypoint, command }).filter(
      ([, value]) => value !== undefined,
    ),
  );

/** It is there already: options may repeat what it says and not contradict it. */
function unchanged(text: string, { apps }: Declaration, service: string, options: AddOptions): string {
  const app: Readonly<Record<string, unknown>> = { ...apps[service] };
  const wanted = { ...(options.project === undefined ? {} : { project: options.project }), ...stated(options) };
  const problems = Object.entries(wanted)
    .filter(([key, value]) => JSON.stringify(value) !== JSON.stringify(app[key]))
    .map(([key, value]) => `apps.${service}.${key}: ${JSON.stringify(value)} here, ${JSON.stringify(app[key])} there`);
  if (problems.length === 0) return text;
  throw new CodedError("GC1001", `glitchtip.yaml has ${service} already and says something else of it`, {
    problems,
    remedy: "Change glitchtip.yaml, then: npx glitchtip-compose init",
  });
}

/** Takes a service out: it starts without our wrapper from the next `up` on. Its project and what it reported stay. */
export async function removeApp(
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
  const result = await updateWorkspace(context, project, { dryRun, declarationEdited: true, stateBy: "declaration" });
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
