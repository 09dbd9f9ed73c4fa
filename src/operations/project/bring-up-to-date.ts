import { randomBytes } from "node:crypto";
import { realpathSync, statSync } from "node:fs";
import { join } from "node:path";
import { CodedError } from "../../base/errors.ts";
import { writeAll, writeOne } from "../../base/files.ts";
import type { Log } from "../../base/log.ts";
import { namesOf } from "../../config/app-variables.ts";
import { serverKind } from "../../config/server.ts";
import type { ImageKnowledge, RenderedFile } from "../../stack/model.ts";
import { STACK_FILE } from "../../stack/render.ts";
import { type Assets, packageAssets } from "./assets.ts";
import type { ProjectDocker } from "./docker.ts";
import { envWith } from "./env-lines.ts";
import { askedImages, askImages, type ImageOptions, projectNameOf } from "./images.ts";
import { type FileChanges, planWrites } from "./managed.ts";
import { DECLARATION_FILE, type Project, readEnvText, renderProject } from "./project.ts";
import { makeSecrets, missingSecrets } from "./secrets.ts";
import { warningsOf } from "./warnings.ts";

/** What the commands that write a project's files need. */
export interface ProjectContext {
  readonly dir: string;
  readonly log: Log;
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Without it Compose files are read by ourselves, and images stay unknown. */
  readonly docker?: ProjectDocker;
  readonly random?: typeof randomBytes;
  readonly assets?: Assets;
}

export interface ProjectResult extends FileChanges {
  readonly dir: string;
  /** Nothing had to be written. */
  readonly nothingToChange: boolean;
  /** Only said what would be done. */
  readonly dryRun: boolean;
  /** Services that get a DSN, with their project and its variables. */
  readonly services: readonly {
    readonly service: string;
    /** None where its DSN is the user's own. */
    readonly project?: string;
    readonly variables: readonly string[];
  }[];
  /** None where no GlitchTip is asked. */
  readonly url?: string;
  /** Where somebody signs in. */
  readonly admin?: { readonly email: string; readonly passwordFile?: string };
  /** What to type next. */
  readonly next: string;
}

export interface Bringing extends ImageOptions {
  /** Files that are made once and then the user's. */
  readonly once?: readonly RenderedFile[];
  /** The sample app is part of it. */
  readonly sample?: boolean;
  /** The declaration's text is a new one: it is written, too. */
  readonly declarationEdited?: boolean;
  /** Where a user states what an image does not tell. */
  readonly stateBy: NonNullable<ImageKnowledge["stateBy"]>;
}

const ENV_FILE = ".env";

/** Writes all files of a project as they have to be. Everything is validated before anything is written. */
export async function bringUpToDate(context: ProjectContext, read: Project, how: Bringing): Promise<ProjectResult> {
  const { dir, log, env = {}, random = randomBytes, assets = packageAssets() } = context;
  const { once = [], sample = false, dryRun = false } = how;
  const project = { ...read, images: await imagesOf(context.docker, read, how) };
  const envText = readEnvText(dir);
  const stack = renderProject(project, assets);
  const plan = planWrites(dir, [...once, ...stack.files], assets.version);
  const secrets = missingSecrets(dir, project.declaration, { ...project.env, ...env });
  const newEnvText = envWith(envText, project, sample);

  for (const warning of [...stack.warnings, ...warningsOf(project, env)]) log.warn(warning);
  for (const path of plan.kept) log.warn(`${path} was edited by hand; it stays as it is`);

  if (!dryRun) {
    if (how.declarationEdited) writeDeclaration(dir, project.declarationText);
    for (const group of plan.groups) writeAll(group);
    if (newEnvText !== envText) writeOne(join(dir, ENV_FILE), newEnvText, 0o644);
    makeSecrets(dir, secrets, random);
  }
  if (how.declarationEdited) plan.changed.unshift(DECLARATION_FILE);
  if (newEnvText !== envText) (envText === "" ? plan.created : plan.changed).push(ENV_FILE);
  else plan.unchanged.push(ENV_FILE);
  plan.created.push(...secrets);
  if (plan.refused.length > 0) throw refusal(plan.refused);
  return resultOf(project, plan, dryRun);
}

async function imagesOf(docker: ProjectDocker | undefined, project: Project, how: Bringing): Promise<ImageKnowledge> {
  const { dir, declaration, user, composeFiles, composeProjectName, images } = project;
  const asked = askedImages(declaration, user, projectNameOf(dir, composeProjectName));
  // Not with ours, which may not be there yet, and what comes after it leans on it.
  const files = composeFiles.slice(0, composeFiles.indexOf(STACK_FILE));
  return { ...images, ...(await askImages(docker, asked, images, files, how)), stateBy: how.stateBy };
}

/** It is the user's, so it keeps its mode, and a link stays one. */
function writeDeclaration(dir: string, text: string): void {
  const path = realpathSync(join(dir, DECLARATION_FILE));
  writeOne(path, text, statSync(path).mode & 0o777);
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
): ProjectResult {
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
      ...(app.project === undefined ? {} : { project: app.project }),
      variables: namesOf(app),
    })),
    ...(serverKind(declaration) === "none" ? {} : { url: server.url ?? `http://localhost:${port}` }),
    ...(admin === undefined
      ? {}
      : {
          admin: {
            email: admin.email,
            ...(admin.password === undefined ? { passwordFile: ".glitchtip/secrets/admin_password" } : {}),
          },
        }),
    next: "docker compose up -d --wait",
  };
}
