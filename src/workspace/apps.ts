import { defined } from "../base/defined.ts";
import { didYouMean } from "../base/did-you-mean.ts";
import { CodedError } from "../base/errors.ts";
import { quotedWord } from "../compose/shell-words.ts";
import { editDeclaration } from "../config/edit.ts";
import { loadDeclaration } from "../config/load.ts";
import type { Audience, Declaration } from "../config/schema.ts";
import { DECLARATION_FILE, readDeclarationText } from "./declaration-file.ts";
import type { ImageOptions } from "./images.ts";
import { asOptionMistake } from "./option-mistakes.ts";
import { updateWorkspace, type WorkspaceContext, type WorkspaceResult } from "./update.ts";
import { readWorkspaceWith } from "./workspace.ts";

/** The options of `add`; each has a flag. */
export interface AddOptions extends ImageOptions {
  /** Default: the service's name. */
  readonly project?: string;
  /** A reference to an external DSN, instead of a project. */
  readonly dsn?: string;
  readonly variables?: readonly string[];
  readonly audience?: Audience;
  readonly preset?: string;
  /** A program on this machine instead of a service, and the file from which it reads its DSN. */
  readonly host?: boolean;
  readonly dotenv?: string;
  readonly entrypoint?: readonly string[];
  readonly command?: readonly string[];
}

/** Gives one more service a DSN: adds an entry to the declaration, then its lines to the managed files. */
export async function addApp(
  context: WorkspaceContext,
  service: string,
  options: AddOptions = {},
): Promise<WorkspaceResult> {
  const before = readDeclarationText(context.dir, `npx glitchtip-compose init --app ${service}=PROJECT`);
  const declaration = loadDeclaration(before, DECLARATION_FILE);
  const isThere = Object.hasOwn(declaration.apps, service);
  if (isThere) refuseContradictions(declaration, service, options);
  const text = isThere ? before : withApp(before, declaration, service, options);
  const commandLine = addCommandLine(service, options);
  if (isThere)
    return await updateWorkspace(context, await readWorkspaceWith(context, text), {
      ...options,
      stateBy: "declaration",
      commandLine,
    });
  const workspace = await readWorkspaceWith(context, text).catch((error: unknown) => {
    throw asOptionMistake(error, statedBy(service, options), options.dotenv === undefined ? [] : [ELSEWHERE]);
  });
  return await updateWorkspace(context, workspace, {
    ...options,
    declarationEdited: true,
    stateBy: "add",
    commandLine,
  });
}

/** What to do for a program whose folder is not this one. */
const ELSEWHERE =
  "For a program in another folder: keep the file here (--dotenv dev.env) and let the program load it or copy its line, or run npx glitchtip-compose init --server-url URL in that folder.";

/** Returns the keys that the options of `add` state. */
function statedBy(service: string, options: AddOptions) {
  const shown = (flag: string, value: unknown) => (typeof value === "string" ? `--${flag} ${value}` : `--${flag}`);
  const { project = service } = options;
  const named = options.project === undefined ? `SERVICE ${service}` : `--project ${project}`;
  return [
    ...Object.entries(entryOf(options)).map(([key, value]) => ({
      path: ["apps", service, key],
      shown: shown(key, value),
    })),
    { path: ["apps", service, "project"], shown: named },
    { path: ["projects", project], shown: named },
    { path: ["apps", service], shown: `SERVICE ${service}` },
  ];
}

/** Returns the command line that adds the app with these options. */
function addCommandLine(service: string, { variables, host, entrypoint, command, ...options }: AddOptions): string {
  const { project, dsn, audience, preset, dotenv } = options;
  const values = defined({
    project,
    dsn,
    variables: variables?.join(","),
    audience,
    preset,
    dotenv,
    entrypoint: entrypoint && JSON.stringify(entrypoint),
    command: command && JSON.stringify(command),
  });
  const words = Object.entries(values).flatMap(([name, value]) => [`--${name}`, quotedWord(String(value))]);
  return ["npx glitchtip-compose add", quotedWord(service), ...(host ? ["--host"] : []), ...words].join(" ");
}

function withApp(text: string, { projects }: Declaration, service: string, options: AddOptions): string {
  const { project = service, dsn } = options;
  if (dsn !== undefined) return editDeclaration(text, ["apps", service], entryOf(options));
  const withProject = Object.hasOwn(projects, project)
    ? text
    : editDeclaration(text, ["projects", project], { team: "developers" });
  return editDeclaration(withProject, ["apps", service], { project, ...entryOf(options) });
}

/** Returns the keys of an app's entry that the options state, without its project. */
const entryOf = ({ dsn, audience, preset, variables, host, dotenv, entrypoint, command }: AddOptions) =>
  defined({ dsn, audience, preset, variables, host, dotenv, entrypoint, command });

/** Options may repeat what the declaration says about an app, and must not contradict it. */
function refuseContradictions({ apps }: Declaration, service: string, options: AddOptions): void {
  const app: Readonly<Record<string, unknown>> = { ...apps[service] };
  const wanted = { ...defined({ project: options.project }), ...entryOf(options) };
  const problems = Object.entries(wanted)
    .filter(([key, value]) => JSON.stringify(value) !== JSON.stringify(app[key]))
    .map(([key, value]) => `apps.${service}.${key}: ${JSON.stringify(value)} here, ${JSON.stringify(app[key])} there`);
  if (problems.length === 0) return;
  throw new CodedError("GC1001", `glitchtip.yaml has ${service} already, with other settings`, {
    problems,
    remedy: "Change glitchtip.yaml, then: npx glitchtip-compose init",
  });
}

/** Takes a service out: the next `up` starts it without our wrapper. Its project and the events in it stay. */
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
  const workspace = await readWorkspaceWith(context, text);
  const result = await updateWorkspace(context, workspace, { dryRun, declarationEdited: true, stateBy: "declaration" });
  // Plain Compose leaves a volume that is no longer in its files.
  if (app.inject !== "provider") {
    context.log.info(`the volume with the DSN of ${service} is removed by the next: npx glitchtip-compose up`);
  }
  const isUsed = Object.values(workspace.declaration.apps).some(({ project }) => project === app.project);
  if (app.project !== undefined && !isUsed) {
    context.log.info(
      `project ${app.project} stays declared; take it out of glitchtip.yaml if nothing else reports to it`,
    );
  }
  return result;
}
