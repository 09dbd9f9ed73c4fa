import { join, resolve } from "node:path";
import { readIfThere } from "../base/files.ts";
import type { Declaration } from "../config/schema.ts";
import { LOCK_FILE, parseLock } from "../stack/lock.ts";
import type { ImageKnowledge, ProvisionerSource, RenderedStack, UserProject } from "../stack/model.ts";
import { renderStack } from "../stack/render.ts";
import { publishedPort } from "./address.ts";
import type { Assets } from "./assets.ts";
import { DECLARATION_FILE, readUserFile } from "./declaration-file.ts";
import { parseEnv } from "./env-file.ts";
import { askedImages, projectNameOf, rememberedImages } from "./images.ts";

export { DECLARATION_FILE, readUserFile };

/** The text of .env, empty where there is none. */
export const readEnvText = (dir: string): string => readUserFile(dir, ".env", "GC1110") ?? "";

/** A folder with a declaration, as it is on disk. */
export interface Workspace {
  readonly dir: string;
  readonly declaration: Declaration;
  readonly declarationText: string;
  /** The user's and ours in Compose's order; relative to the folder. */
  readonly composeFiles: readonly string[];
  readonly user: UserProject;
  /** The port on 127.0.0.1: GLITCHTIP_PORT in the shell, else in .env, else the declared one. */
  readonly port: number;
  /** Where .env or a Compose file states it; else Compose makes it from the folder's name. */
  readonly composeProjectName?: string;
  readonly env: Readonly<Record<string, string>>;
  readonly images: ImageKnowledge;
}

export function workspaceFrom(
  dir: string,
  declaration: Declaration,
  declarationText: string,
  composeFiles: readonly string[],
  user: UserProject,
  env: Readonly<Record<string, string>>,
  shell: Readonly<Record<string, string | undefined>>,
): Workspace {
  const name = env.COMPOSE_PROJECT_NAME || user.name;
  const asked = askedImages(declaration, user, projectNameOf(dir, name));
  return {
    dir,
    declaration,
    declarationText,
    composeFiles,
    user,
    port: publishedPort(declaration, env, shell),
    ...(name === undefined ? {} : { composeProjectName: name }),
    env,
    images: rememberedImages(dir, asked),
  };
}

/** The managed files as this project wants them; nothing is written. */
export function renderWorkspace(project: Workspace, assets: Assets): RenderedStack {
  const { dir, declaration, declarationText, user, images } = project;
  return renderStack({
    declaration,
    declarationText,
    toolVersion: assets.version,
    user: withEnvFiles(dir, user),
    images,
    compose: assets.compose(),
    texts: assets.texts(),
    provisioner: provisionerSource(declaration.provisioner),
    lock: parseLock(readIfThere(join(dir, LOCK_FILE)) ?? ""),
  });
}

function provisionerSource(text = "mount"): ProvisionerSource {
  if (text.startsWith("image:")) return { kind: "image", image: text.slice("image:".length) };
  return { kind: text === "build" ? "build" : "mount" };
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
