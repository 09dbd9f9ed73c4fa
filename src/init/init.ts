import { existsSync } from "node:fs";
import { join, relative, resolve, sep } from "node:path";
import { defined } from "../base/defined.ts";
import { CodedError } from "../base/errors.ts";
import type { ProductionHost } from "../checks/index.ts";
import type { UserProject } from "../compose/model.ts";
import { checkDeclaration, problemText } from "../config/check.ts";
import { loadDeclaration } from "../config/load.ts";
import type { RenderedFile } from "../stack/model.ts";
import { proxyContainer } from "../stack/proxy-container.ts";
import {
  type Assets,
  asOptionMistake,
  type ComposeFiles,
  composeFilesIn,
  composeProjectNameOf,
  DECLARATION_FILE,
  EDITOR_LINE,
  exposures,
  exposureWarning,
  type ImageOptions,
  imageStartNotes,
  isSample,
  notEmpty,
  packageAssets,
  parseEnv,
  readComposeFiles,
  readDeclarationText,
  readEnvText,
  readUserFilesWith,
  readWorkspaceWith,
  sampleCompose,
  sampleProject,
  thingsIn,
  type UpdateOptions,
  updateWorkspace,
  type Workspace,
  type WorkspaceContext,
  type WorkspaceResult,
  workspaceFrom,
} from "../workspace/index.ts";
import { abortingLineWarnings } from "./aborting-lines.ts";
import { withMailServer } from "./mail-server.ts";
import { newDeclaration, newDeclarationText } from "./new-declaration.ts";
import type { InitOptions } from "./options.ts";
import { compareOtherProxy, freeSamplePort, type PortContext, withFreePort } from "./port.ts";
import { statedOptions, withFlags } from "./stated-values.ts";
import { withNetworkKey, withTraefik } from "./traefik.ts";

export type { WorkspaceResult as InitResult } from "../workspace/index.ts";
export type { InitOptions } from "./options.ts";

const SAMPLE_COMPOSE = "compose.yaml";

export interface InitContext extends WorkspaceContext, Pick<PortContext, "portIsFree"> {
  /** Returns which engine answers, or undefined where none does. */
  engineName?(): Promise<"docker" | "podman" | undefined>;
  /** Looked at for `production` only; without it machine, certificate and secrets are not checked. */
  readonly host?: ProductionHost;
  /**
   * Returns the instance id of a stack whose data the workspace takes over, `none` for data without an id, or undefined.
   * Throws where the Compose project belongs to another folder. Without it the engine is not asked.
   */
  takenInstance?(workspace: Workspace): Promise<string | undefined>;
}

/** Makes all files of a workspace, or brings them up to date. Validates everything before it writes anything. */
export async function initWorkspace(
  context: InitContext,
  options: InitOptions & ImageOptions = {},
): Promise<WorkspaceResult> {
  return await withMailServer(context.dir, options, (settled) => initWith(context, { ...options, ...settled }));
}

async function initWith(context: InitContext, options: InitOptions & ImageOptions): Promise<WorkspaceResult> {
  const { workspace, ...how } = await wantedWorkspace(context, options);
  if (workspace.declaration.production !== undefined && context.host !== undefined) {
    const { refuseUnfitProduction } = await import("../checks/index.ts");
    await refuseUnfitProduction(workspace, context.env ?? {}, context.log, context.host);
  }
  const instance = await context.takenInstance?.(workspace);
  const result = await updateWorkspace(context, workspace, { ...options, ...how, ...defined({ instance }) });
  for (const warning of abortingLineWarnings(context.dir)) context.log.warn(warning);
  for (const note of productionNotes(workspace, how)) context.log.info(note);
  if (how.stateBy === "init") for (const note of imageStartNotes(workspace)) context.log.info(note);
  for (const one of exposures(workspace)) context.log.warn(exposureWarning(one));
  return result;
}

/** What is to be done beside the files that were written, or was perhaps not meant. */
function productionNotes({ declaration, user }: Workspace, { sample, stateBy }: Omit<Wanted, "workspace">): string[] {
  const { production } = declaration;
  if (production === undefined || stateBy !== "init") return [];
  const { proxy } = production;
  const { service } = proxyContainer(declaration, user) ?? {};
  const snippets = `.glitchtip/proxy/nginx.conf${proxy === "none" ? " or site.caddy" : ""}`;
  const way = service === undefined ? `include ${snippets} in its configuration` : `mount ${snippets} into ${service}`;
  return [
    ...(sample ? ["the sample app is for trying things out; to leave it out: init --no-apps"] : []),
    ...(proxy === "nginx" || proxy === "none"
      ? [`your proxy needs GlitchTip's site: ${way} (npx glitchtip-compose help proxies)`]
      : []),
  ];
}

type Wanted = { readonly workspace: Workspace } & Pick<
  UpdateOptions,
  "once" | "sample" | "stateBy" | "declarationEdited"
>;

/** Returns the workspace as it will be: from its declaration, or from the options where there is none yet. */
async function wantedWorkspace(context: InitContext, options: InitOptions): Promise<Wanted> {
  const { dir, assets = packageAssets() } = context;
  const env = parseEnv(readEnvText(dir));
  const { discovery } = options;
  const found = composeFilesIn(dir, env, { shell: context.env ?? {}, discovery });
  const texts = readComposeFiles(dir, found);
  const isSampleThere = texts.length === 1 && texts.every(({ text }) => isSample(text, assets));
  if (existsSync(join(dir, DECLARATION_FILE))) return await declaredWorkspace(context, options, isSampleThere);
  const isUsers = texts.length > 0 && !isSampleThere;
  if (isUsers && options.sample) throw sampleBeside(texts.map(({ path }) => path));
  if (isUsers || options.noApps) return await newWorkspace(context, options, env, found, texts);
  if (!isSampleThere && !options.sample) refuseOtherThings(context, options, assets);
  return await sampleWorkspace(context, options, env);
}

/** Files that the options name are expected to be there. */
function refuseOtherThings({ dir, env }: InitContext, options: InitOptions, assets: Assets): void {
  const values = Object.values(options).filter((value) => typeof value === "string");
  const named = new Set(values.map((value) => relative(dir, resolve(dir, value.replace(/^file:/, ""))).split(sep)[0]));
  const things = thingsIn(dir, assets).filter((name) => !named.has(name));
  if (things.length > 0) throw notEmpty(dir, things, env?.COMPOSE_FILE);
}

const sampleBeside = (files: readonly string[]): CodedError =>
  new CodedError("GC1001", `--sample needs a folder without a Compose file, and this one has ${files.join(", ")}`, {
    remedy: "Say which of its services get a DSN: --app SERVICE=PROJECT.",
  });

async function declaredWorkspace(context: WorkspaceContext, options: InitOptions, sample: boolean): Promise<Wanted> {
  const { withOptions } = await import("./declared-options.ts");
  const before = readDeclarationText(context.dir);
  const text = await withOptions(before, await withProxyBeside(context, before, options));
  const workspace = await readWorkspaceWith(context, text, options.discovery);
  return { workspace, sample, stateBy: "declaration", declarationEdited: text !== before };
}

/** What the user's services say of their proxy counts where `production` comes into the declaration now. */
async function withProxyBeside(context: WorkspaceContext, text: string, options: InitOptions): Promise<InitOptions> {
  const isNew = loadDeclaration(text, DECLARATION_FILE).production === undefined;
  if (options.domain === undefined || (!isNew && options.proxyNetwork === undefined)) return options;
  const { log, env: shell = {} } = context;
  const { user, env, dir, composeProjectName } = await readWorkspaceWith(context, text);
  const composeProject = shell.COMPOSE_PROJECT_NAME || composeProjectNameOf(dir, composeProjectName);
  if (!isNew) return withNetworkKey(options, user, composeProject);
  compareOtherProxy(options, user.services, { ...env, ...shell }, log);
  return withTraefik(options, user, composeProject, log);
}

/** A new declaration says which engine the stack is rendered for, so that all who share it render the same. */
async function withEngine({ engineName }: InitContext, options: InitOptions): Promise<InitOptions> {
  if (options.engine !== undefined || (await engineName?.()) !== "podman") return options;
  return { ...options, engine: "podman" };
}

type Variables = Readonly<Record<string, string>>;

/** Returns the workspace of the sample app, which is made where there is no Compose file. */
async function sampleWorkspace(context: InitContext, options: InitOptions, env: Variables): Promise<Wanted> {
  const { dir, env: shell = {}, assets = packageAssets() } = context;
  const port = await freeSamplePort(context, options, portVariable("APP_PORT", env, shell));
  const user = sampleProject(port);
  const found = composeFilesIn(dir, env, { shell, discovery: options.discovery, base: SAMPLE_COMPOSE });
  const given = { apps: { app: "app" }, ...(await withEngine(context, options)) };
  const wanted = await withFreePort(context, given, user, portVariable("GLITCHTIP_PORT", env, shell));
  const { text, declaration } = declarationFrom(context, wanted, user);
  return {
    workspace: workspaceFrom(dir, declaration, text, found, user, env, shell),
    once: [
      once("app/server.mjs", assets.sample("server.mjs")),
      once(SAMPLE_COMPOSE, sampleCompose(assets, declaration.engine, port)),
      once(DECLARATION_FILE, text),
    ],
    sample: true,
    stateBy: "init",
  };
}

/** Returns the workspace of the user's own services. */
async function newWorkspace(
  context: InitContext,
  options: InitOptions,
  env: Variables,
  found: ComposeFiles,
  texts: ReturnType<typeof readComposeFiles>,
): Promise<Wanted> {
  const { dir, log, env: shell = {}, docker } = context;
  const user = await readUserFilesWith(docker?.config, dir, texts, { ...env, ...shell }, log);
  compareOtherProxy(options, user.services, { ...env, ...shell }, log);
  const named = shell.COMPOSE_PROJECT_NAME || env.COMPOSE_PROJECT_NAME || user.name;
  const given = withTraefik(await withEngine(context, options), user, composeProjectNameOf(dir, named), log);
  const wanted = await withFreePort(context, given, user, portVariable("GLITCHTIP_PORT", env, shell));
  const { text, declaration } = declarationFrom(context, wanted, user);
  return {
    workspace: workspaceFrom(dir, declaration, text, found, user, env, shell),
    once: [once(DECLARATION_FILE, text)],
    sample: false,
    stateBy: "init",
  };
}

/** Returns a port's variable as Compose reads it: one of the shell counts even where it is empty. */
const portVariable = (
  name: "GLITCHTIP_PORT" | "APP_PORT",
  env: Variables,
  shell: NonNullable<WorkspaceContext["env"]>,
): string | undefined => (name in shell ? shell[name] : env[name]);

function declarationFrom({ dir }: InitContext, options: InitOptions, user: UserProject) {
  const wanted = newDeclaration(dir, options, user);
  const text = `${EDITOR_LINE}\n${newDeclarationText(wanted)}`;
  try {
    const declaration = checkDeclaration(wanted, "the options", ({ what, ...at }) =>
      problemText({ ...at, what: withFlags(what, options) }),
    );
    return { text, declaration };
  } catch (error) {
    throw asOptionMistake(error, statedOptions(options));
  }
}

const once = (path: string, content: string): RenderedFile => ({ path, content, mode: 0o644, kind: "once" });
