import { realpathSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { defined } from "../base/defined.ts";
import { CodedError } from "../base/errors.ts";
import { readIfThere } from "../base/files.ts";
import type { Log } from "../base/log.ts";
import type { UserProject } from "../compose/model.ts";
import { hostApps } from "../config/app-sources.ts";
import { declarationMistakes, loadDeclaration } from "../config/load.ts";
import type { Declaration } from "../config/schema.ts";
import { serverKind } from "../config/server.ts";
import { composeProjectNameOf } from "../config/workspace-names.ts";
import { LOCK_FILE, parseLock } from "../stack/lock.ts";
import type { ImageKnowledge, RenderedStack } from "../stack/model.ts";
import { parseProvisionerSource } from "../stack/provision-service.ts";
import { renderStack } from "../stack/render.ts";
import type { Assets } from "./assets.ts";
import { readComposeFiles, readUserFiles, readUserFilesWith } from "./compose-files.ts";
import { DECLARATION_FILE, readDeclarationText, readUserFile } from "./declaration-file.ts";
import { BASE_FILES, type ComposeFiles, composeFilesIn, type Discovery } from "./discovery.ts";
import type { WorkspaceDocker } from "./docker.ts";
import { parseEnv } from "./env-file.ts";
import { askedImages, rememberedImages } from "./images.ts";
import { readManifest } from "./manifest.ts";
import { oldSecretFiles } from "./secrets.ts";

type Variables = Readonly<Record<string, string | undefined>>;

/** A folder with a declaration, as it is on disk. */
export interface Workspace {
  readonly dir: string;
  readonly declaration: Declaration;
  readonly declarationText: string;
  /** The user's Compose files and ours in Compose's order; relative to the folder. */
  readonly composeFiles: readonly string[];
  /** Which of them is ours. */
  readonly stackFile: string;
  readonly user: UserProject;
  /** The port on 127.0.0.1: GLITCHTIP_PORT in the shell, else in .env, else the declared one. */
  readonly port: number;
  /** Only where .env or a Compose file states it; else Compose makes it from the folder's name. */
  readonly composeProjectName?: string;
  readonly env: Readonly<Record<string, string>>;
  readonly images: ImageKnowledge;
  /** It has no manifest yet, so no `init` has finished here. */
  readonly isNew: boolean;
  /** What tells this workspace's stack from others on the engine; undefined for a workspace from before. */
  readonly instance?: string;
}

/** Returns the text of .env, which is empty where there is none. */
export const readEnvText = (dir: string): string => readUserFile(dir, ".env", "GC1110") ?? "";

/** Reads the workspace without Docker. Variables are filled in from `shell` first, then from .env. */
export function readWorkspace(dir: string, shell: Variables = {}): Workspace {
  const text = readDeclarationText(dir);
  const declaration = loadDeclaration(text, DECLARATION_FILE);
  const env = parseEnv(readEnvText(dir));
  const found = composeFilesIn(dir, env, { shell });
  const user = readUserFiles(dir, readComposeFiles(dir, found), { ...env, ...shell });
  return workspaceFrom(dir, declaration, text, found, user, env, shell);
}

export interface ReadContext {
  readonly dir: string;
  readonly log: Log;
  readonly env?: Variables;
  readonly docker?: WorkspaceDocker;
}

/** Reads the workspace with `text` as its declaration. Compose itself reads the Compose files where it is installed. */
export async function readWorkspaceWith(
  { dir, log, env: shell = {}, docker }: ReadContext,
  text: string,
  discovery?: Discovery,
): Promise<Workspace> {
  const declaration = loadDeclaration(text, DECLARATION_FILE);
  const env = parseEnv(readEnvText(dir));
  const found = composeFilesIn(dir, env, { shell, discovery });
  const files = readComposeFiles(dir, found);
  const user = await readUserFilesWith(docker?.config, dir, files, { ...env, ...shell }, log);
  return workspaceFrom(dir, declaration, text, found, user, env, shell);
}

/** Returns the workspace that these parts make. Throws GC1101 for a `dotenv` that names a Compose file or a folder. */
export function workspaceFrom(
  dir: string,
  declaration: Declaration,
  declarationText: string,
  { composeFiles, stackFile }: ComposeFiles,
  user: UserProject,
  env: Readonly<Record<string, string>>,
  shell: Variables,
): Workspace {
  refuseOtherDotenv(dir, declaration, declarationText, composeFiles);
  const composeProjectName = env.COMPOSE_PROJECT_NAME || user.name;
  const { there, instance } = readManifest(dir);
  const asked = askedImages(declaration, user, composeProjectNameOf(dir, composeProjectName));
  return {
    dir,
    declaration,
    declarationText,
    composeFiles,
    stackFile,
    user,
    port: publishedPort(declaration, env, shell),
    ...defined({ composeProjectName, instance }),
    isNew: !there,
    env,
    images: rememberedImages(dir, asked),
  };
}

/** COMPOSE_FILE gives a Compose file any name, and a link makes a file of any other. */
function refuseOtherDotenv(dir: string, declaration: Declaration, text: string, composeFiles: readonly string[]): void {
  const others = new Map(composeFiles.map((file) => [real(resolve(dir, file)), file]));
  const problems = Object.entries(hostApps(declaration)).flatMap(([app, { dotenv }]) => {
    const path = real(join(dir, dotenv));
    const other = others.get(path);
    const isFolder = statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
    const what = isFolder ? "is a folder, and not a file" : other && `is the Compose file ${other}`;
    return what === undefined
      ? []
      : [{ path: ["apps", app, "dotenv"], what: `${what}; name a file such as .env.local` }];
  });
  if (problems.length > 0) throw declarationMistakes(text, DECLARATION_FILE, problems);
}

function real(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

/** Returns the managed files as the workspace wants them; nothing is written. */
export function renderWorkspace(workspace: Workspace, assets: Assets): RenderedStack {
  const { dir, declaration, declarationText, user, images, instance, stackFile, composeFiles } = workspace;
  const baseFile = BASE_FILES.find((name) => name !== stackFile && composeFiles.includes(name));
  return renderStack({
    ...defined({ instance, baseFile }),
    declaration,
    declarationText,
    stackFile,
    toolVersion: assets.version,
    user: withEnvFiles(dir, user),
    images,
    compose: assets.compose(),
    texts: assets.texts(),
    provisioner: parseProvisionerSource(declaration.provisioner, assets.texts()),
    oldSecrets: oldSecretFiles(dir).length > 0,
    lock: parseLock(readIfThere(join(dir, LOCK_FILE)) ?? ""),
  });
}

/** Adds the variables that services get from env files, where those can be read. */
export function withEnvFiles(dir: string, user: UserProject): UserProject {
  const names = (path: string) => {
    try {
      return Object.keys(parseEnv(readIfThere(resolve(dir, path)) ?? ""));
    } catch {
      return [];
    }
  };
  const services = Object.entries(user.services).map(([name, service]) => {
    const environment = [...service.environment, ...service.envFiles.flatMap(names)];
    return [name, { ...service, environment }] as const;
  });
  return { ...user, services: Object.fromEntries(services) };
}

/**
 * Returns the port on 127.0.0.1 as Compose fills in `${GLITCHTIP_PORT:-PORT}`: a variable that is set in the shell counts
 * even where it is empty. Throws GC1110 where it is no port.
 */
export function publishedPort(
  { server }: Pick<Declaration, "server">,
  env: Readonly<Record<string, string>>,
  shell: Variables,
): number {
  const inShell = shell.GLITCHTIP_PORT !== undefined;
  const text = inShell ? shell.GLITCHTIP_PORT : env.GLITCHTIP_PORT;
  if (text === undefined || text === "") return server.port;
  const port = Number(text);
  if (Number.isInteger(port) && port >= 1 && port <= 65535) return port;
  throw new CodedError("GC1110", `GLITCHTIP_PORT in ${inShell ? "your shell" : ".env"} is no port: ${text}`, {
    remedy: inShell ? "Unset it there, or give it a number from 1 to 65535." : "Write a number from 1 to 65535.",
  });
}

/** Returns GlitchTip's address for browsers, or undefined where the declaration has no server. stack/services.ts puts the same into DSNs. */
export function browserUrl({ declaration, port }: Pick<Workspace, "declaration" | "port">): string | undefined {
  if (serverKind(declaration) === "none") return undefined;
  return declaration.server.url ?? `http://localhost:${port}`;
}
