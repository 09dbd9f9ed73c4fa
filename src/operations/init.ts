import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { CodedError } from "../base/errors.ts";
import { writeAll, writeOne } from "../base/files.ts";
import type { Log } from "../base/log.ts";
import { namesOf } from "../config/app-variables.ts";
import { checkDeclaration } from "../config/check.ts";
import type { RenderedFile } from "../stack/model.ts";
import { STACK_FILE } from "../stack/render.ts";
import { type Assets, isSample, packageAssets, SAMPLE_PROJECT } from "./project/assets.ts";
import { composeFilesIn, readComposeFiles } from "./project/compose-files.ts";
import { declarationText } from "./project/declaration-text.ts";
import { parseEnv } from "./project/env-file.ts";
import { envWith } from "./project/env-lines.ts";
import { type FileChanges, planWrites } from "./project/managed.ts";
import { type InitOptions, newDeclaration, refuseOtherOptions } from "./project/new-declaration.ts";
import { DECLARATION_FILE, type Project, projectFrom, readEnvText, renderProject } from "./project/project.ts";
import { makeSecrets, missingSecrets } from "./project/secrets.ts";
import { warningsOf } from "./project/warnings.ts";

export type { InitOptions } from "./project/new-declaration.ts";

export interface InitContext {
  readonly dir: string;
  readonly log: Log;
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly random?: typeof randomBytes;
  readonly assets?: Assets;
}

export interface InitResult extends FileChanges {
  readonly dir: string;
  /** Nothing had to be written. */
  readonly nothingToChange: boolean;
  /** Only said what would be done. */
  readonly dryRun: boolean;
  /** Services that get a DSN, with their project and its variables. */
  readonly services: readonly {
    readonly service: string;
    readonly project: string;
    readonly variables: readonly string[];
  }[];
  readonly url: string;
  readonly admin: { readonly email: string; readonly passwordFile?: string };
  /** What to type next. */
  readonly next: string;
}

const ENV_FILE = ".env";
const SAMPLE_COMPOSE = "compose.yaml";

/** Makes or brings up to date all files of a project. Validates everything before it writes anything. */
export async function init(context: InitContext, options: InitOptions = {}): Promise<InitResult> {
  const { dir, log, env = {}, random = randomBytes, assets = packageAssets() } = context;
  const envText = readEnvText(dir);
  const { project, once, sample } = await prepare(dir, envText, options, assets);
  const stack = renderProject(project, assets);
  const plan = planWrites(dir, [...once, ...stack.files], assets.version);
  const secrets = missingSecrets(dir, project.declaration, { ...project.env, ...env });
  const newEnvText = envWith(envText, project, sample);

  for (const warning of [...stack.warnings, ...warningsOf(project, env)]) log.warn(warning);
  for (const path of plan.kept) log.warn(`${path} was edited by hand; it stays as it is`);

  if (options.dryRun !== true) {
    for (const group of plan.groups) writeAll(group);
    if (newEnvText !== envText) writeOne(join(dir, ENV_FILE), newEnvText, 0o644);
    makeSecrets(dir, secrets, random);
  }
  if (newEnvText !== envText) (envText === "" ? plan.created : plan.changed).push(ENV_FILE);
  else plan.unchanged.push(ENV_FILE);
  plan.created.push(...secrets);
  if (plan.refused.length > 0) throw refusal(plan.refused);
  return resultOf(project, plan, options.dryRun === true);
}

/** The project as it will be: from its declaration, or from the options where there is none yet. */
async function prepare(
  dir: string,
  envText: string,
  options: InitOptions,
  assets: Assets,
): Promise<{ project: Project; once: RenderedFile[]; sample: boolean }> {
  const env = parseEnv(envText);
  const composeFiles = composeFilesIn(dir, env);
  const texts = readComposeFiles(dir, composeFiles);
  const sample = texts.length === 0 || (texts.length === 1 && texts.every(({ text }) => isSample(text, assets)));
  if (existsSync(join(dir, DECLARATION_FILE))) {
    const project = (await import("./project/read.ts")).readProject(dir);
    refuseOtherOptions(project.declaration, options);
    return { project, once: [], sample: sample && texts.length > 0 };
  }
  const user = sample ? SAMPLE_PROJECT : (await import("../stack/user-compose.ts")).readUserCompose(texts);
  const wanted = newDeclaration(dir, sample ? { apps: { app: "app" }, ...options } : options, user);
  const text = declarationText(wanted);
  const declaration = checkDeclaration(wanted, "the options");
  const once = (path: string, content: string): RenderedFile => ({ path, content, mode: 0o644, kind: "once" });
  const files = sample
    ? [once("app/server.mjs", assets.sample("server.mjs")), once(SAMPLE_COMPOSE, assets.sample("compose.yaml"))]
    : [];
  return {
    project: projectFrom(dir, declaration, text, sample ? [SAMPLE_COMPOSE, STACK_FILE] : composeFiles, user, env),
    once: [...files, once(DECLARATION_FILE, text)],
    sample,
  };
}

function refusal(paths: readonly string[]): CodedError {
  const list = paths.join(", ");
  return new CodedError("GC1105", `edited by hand, so not overwritten: ${list}`, {
    problems: paths.map((path) => `${path}: compare it with ${path}.new`),
    remedy: "Take what you need from each .new file, delete it, then run init again. The other files are written.",
  });
}

function resultOf(
  project: Project,
  { created, changed, unchanged, kept, refused }: FileChanges,
  dryRun: boolean,
): InitResult {
  const { dir, declaration, port } = project;
  const { apps, admin, server } = declaration;
  return {
    dir,
    created,
    changed,
    unchanged,
    kept,
    refused,
    nothingToChange: created.length + changed.length === 0,
    dryRun,
    services: Object.entries(apps).map(([service, app]) => ({
      service,
      project: app.project,
      variables: namesOf(app),
    })),
    url: server.url ?? `http://localhost:${port}`,
    admin: {
      email: admin.email,
      ...(admin.password === undefined ? { passwordFile: ".glitchtip/secrets/admin_password" } : {}),
    },
    next: "docker compose up -d --wait",
  };
}
