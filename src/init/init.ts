import { existsSync } from "node:fs";
import { join } from "node:path";
import type { ProductionHost } from "../checks/index.ts";
import { checkDeclaration } from "../config/check.ts";
import type { RenderedFile } from "../stack/model.ts";
import { STACK_FILE } from "../stack/render.ts";
import {
  composeFilesIn,
  DECLARATION_FILE,
  type ImageOptions,
  isSample,
  packageAssets,
  parseEnv,
  readComposeFiles,
  readEnvText,
  SAMPLE_COMPOSE_PROJECT,
  type UpdateOptions,
  updateWorkspace,
  type Workspace,
  type WorkspaceContext,
  type WorkspaceResult,
  workspaceFrom,
} from "../workspace/index.ts";
import { newDeclaration, newDeclarationText } from "./new-declaration.ts";
import type { InitOptions } from "./options.ts";

export type { WorkspaceResult as InitResult } from "../workspace/index.ts";
export type { InitOptions } from "./options.ts";

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
  return await updateWorkspace(context, project, { ...options, ...made });
}

/** The project as it will be: from its declaration, or from the options where there is none yet. */
async function prepare(
  context: WorkspaceContext,
  options: InitOptions,
): Promise<{ project: Workspace } & Pick<UpdateOptions, "once" | "sample" | "stateBy" | "declarationEdited">> {
  const { dir, log, env: shell = {}, docker, assets = packageAssets() } = context;
  const env = parseEnv(readEnvText(dir));
  const composeFiles = composeFilesIn(dir, env);
  const texts = readComposeFiles(dir, composeFiles);
  const sample = texts.length === 0 || (texts.length === 1 && texts.every(({ text }) => isSample(text, assets)));
  if (existsSync(join(dir, DECLARATION_FILE))) {
    const { readDeclarationText, readWorkspaceWith } = await import("../workspace/index.ts");
    const before = readDeclarationText(dir);
    const text = await (await import("./declared-options.ts")).withOptions(before, options);
    const project = await readWorkspaceWith(context, text);
    const declarationEdited = text !== before;
    return { project, sample: sample && texts.length > 0, stateBy: "declaration", declarationEdited };
  }
  const user = sample
    ? SAMPLE_COMPOSE_PROJECT
    : await (await import("../workspace/index.ts")).readUserFilesWith(
        docker?.config,
        dir,
        texts,
        { ...env, ...shell },
        log,
      );
  const wanted = newDeclaration(dir, sample ? { apps: { app: "app" }, ...options } : options, user);
  const text = newDeclarationText(wanted);
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
