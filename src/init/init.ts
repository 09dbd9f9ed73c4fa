import { existsSync } from "node:fs";
import { join } from "node:path";
import type { ProductionHost } from "../checks/index.ts";
import { checkDeclaration } from "../config/check.ts";
import type { RenderedFile } from "../stack/model.ts";
import { STACK_FILE } from "../stack/render.ts";
import {
  type Bringing,
  bringUpToDate,
  composeFilesIn,
  DECLARATION_FILE,
  declarationText,
  type ImageOptions,
  type InitOptions,
  isSample,
  newDeclaration,
  packageAssets,
  parseEnv,
  productionOf,
  readComposeFiles,
  readEnvText,
  refuseOtherOptions,
  SAMPLE_PROJECT,
  type Workspace,
  type WorkspaceContext,
  type WorkspaceResult,
  workspaceFrom,
} from "../workspace/index.ts";

export type { InitOptions, WorkspaceResult as InitResult } from "../workspace/index.ts";

const SAMPLE_COMPOSE = "compose.yaml";

export interface InitContext extends WorkspaceContext {
  /** Asked for `production` only; without it machine, certificate and secrets are not looked at. */
  readonly host?: ProductionHost;
}

/** Makes or brings up to date all files of a project. Validates everything before it writes anything. */
export async function init(context: InitContext, options: InitOptions & ImageOptions = {}): Promise<WorkspaceResult> {
  const { project, ...made } = await prepare(context, options);
  if (project.declaration.production !== undefined && context.host !== undefined) {
    const { refuseUnfit } = await import("../checks/index.ts");
    await refuseUnfit(project, context.env ?? {}, context.log, context.host);
  }
  return await bringUpToDate(context, project, { ...options, ...made });
}

/** The project as it will be: from its declaration, or from the options where there is none yet. */
async function prepare(
  context: WorkspaceContext,
  options: InitOptions,
): Promise<{ project: Workspace } & Pick<Bringing, "once" | "sample" | "stateBy" | "declarationEdited">> {
  const { dir, log, env: shell = {}, docker, assets = packageAssets() } = context;
  const env = parseEnv(readEnvText(dir));
  const composeFiles = composeFilesIn(dir, env);
  const texts = readComposeFiles(dir, composeFiles);
  const sample = texts.length === 0 || (texts.length === 1 && texts.every(({ text }) => isSample(text, assets)));
  if (existsSync(join(dir, DECLARATION_FILE))) {
    const { readDeclarationText, readWorkspaceWith } = await import("../workspace/index.ts");
    const before = readDeclarationText(dir);
    const text = await withSizing(context, await withProduction(before, options), options);
    const project = await readWorkspaceWith(context, text);
    refuseOtherOptions(project.declaration, options);
    const declarationEdited = text !== before;
    return { project, sample: sample && texts.length > 0, stateBy: "declaration", declarationEdited };
  }
  const user = sample
    ? SAMPLE_PROJECT
    : await (await import("../workspace/index.ts")).readUserFilesWith(
        docker?.config,
        dir,
        texts,
        { ...env, ...shell },
        log,
      );
  const wanted = newDeclaration(dir, sample ? { apps: { app: "app" }, ...options } : options, user);
  const text = declarationText(wanted);
  const declaration = checkDeclaration(wanted, "the options");
  const once = (path: string, content: string): RenderedFile => ({ path, content, mode: 0o644, kind: "once" });
  const files = sample
    ? [once("app/server.mjs", assets.sample("server.mjs")), once(SAMPLE_COMPOSE, assets.sample("compose.yaml"))]
    : [];
  return {
    project: workspaceFrom(
      dir,
      declaration,
      text,
      sample ? [SAMPLE_COMPOSE, STACK_FILE] : composeFiles,
      user,
      env,
      shell,
    ),
    once: [...files, once(DECLARATION_FILE, text)],
    sample,
    stateBy: "init",
  };
}

async function withSizing(context: WorkspaceContext, text: string, { size }: InitOptions): Promise<string> {
  if (size === undefined) return text;
  const { readWorkspaceWith } = await import("../workspace/index.ts");
  const { withSize } = await import("../workspace/index.ts");
  return await withSize(text, (await readWorkspaceWith(context, text)).declaration, size);
}

/** A project that was for development goes into production: what init adds to a declaration that is there. */
async function withProduction(text: string, options: InitOptions): Promise<string> {
  const wanted = Object.entries(productionOf(options)).filter(([key]) => !new RegExp(`^${key}:`, "m").test(text));
  if (wanted.length === 0) return text;
  const { editDeclaration } = await import("../config/edit.ts");
  return wanted.reduce((edited, [key, value]) => editDeclaration(edited, [key], value), text);
}
