import { existsSync, statSync } from "node:fs";
import { join, relative, resolve, sep } from "node:path";
import type { Writable } from "node:stream";
import { CodedError } from "../base/errors.ts";
import { readIfThere } from "../base/files.ts";
import { resolveServer } from "../config/server.ts";
import { type Docker, lastLines } from "../docker/index.ts";
import { containerOf, databaseContainer, dockerShell, observeStack } from "../running/index.ts";
import { SECRETS_FOLDER, STACK_FILE } from "../stack/render.ts";
import { PROVISIONER, SERVER } from "../stack/service-names.ts";
import { DECLARATION_FILE, type Workspace } from "../workspace/index.ts";
import type { BackupSources } from "./create.ts";
import { openDatabase } from "./database.ts";
import { STATE } from "./manifest.ts";
import type { ProjectFile } from "./secrets.ts";

export const UPLOADS_DIR = "/code/uploads";
export const STATE_DIR = "/state";

/** Ours in .env; its other lines are the user's, and may be secrets. */
export const ENV_NAMES: readonly string[] = [
  "COMPOSE_FILE",
  "COMPOSE_PATH_SEPARATOR",
  "COMPOSE_PROJECT_NAME",
  "GLITCHTIP_PORT",
  "GLITCHTIP_IMAGE",
  "GLITCHTIP_POSTGRES_IMAGE",
  "GLITCHTIP_VALKEY_IMAGE",
  "GLITCHTIP_NODE_IMAGE",
  "APP_PORT",
];

export interface StackSourcesOptions {
  readonly docker: Docker;
  readonly project: Workspace;
  readonly toolVersion: string;
  readonly signal: AbortSignal;
}

/** The parts of a running stack, asked by Docker; works with an engine elsewhere too. */
export function stackSources({ docker, project, toolVersion, signal }: StackSourcesOptions): BackupSources {
  const { dir, declaration } = project;
  const shell = dockerShell(docker, () => databaseContainer(docker));
  return {
    about: aboutProject(project, toolVersion),
    database: openDatabase(shell, signal),
    async uploads(to: Writable) {
      const stack = await observeStack(docker);
      const server = containerOf(stack, SERVER);
      if (server === undefined) {
        throw new CodedError("GC1605", `${SERVER} has no container, so its uploads cannot be read`, {
          remedy: "docker compose up -d --wait",
        });
      }
      const copied = await docker.cli(["cp", "--follow-link", `${server.id}:${UPLOADS_DIR}`, "-"], {
        stdoutTo: to,
        signal,
      });
      if (copied.code === 0) return;
      throw new CodedError("GC1801", `${UPLOADS_DIR} of ${server.name} cannot be copied`, {
        problems: lastLines(copied.stderr, 3),
      });
    },
    async state() {
      const stack = await observeStack(docker);
      const provisioner = containerOf(stack, PROVISIONER);
      return provisioner && (await stack.engine.readFile(provisioner.id, `${STATE_DIR}/${STATE}`));
    },
    files: () => [
      file(dir, DECLARATION_FILE),
      { path: ".env", content: envText(project.env), mode: 0o644 },
      ...managedFiles(dir).flatMap((path) => (existsSync(join(dir, path)) ? [file(dir, path)] : [])),
    ],
    secretFiles() {
      const referenced = [...JSON.stringify(declaration).matchAll(/"file:([^"]+)"/g)].map(([, path = ""]) => path);
      const made = ["admin_password", "db_password", "secret_key"].map((name) => `${SECRETS_FOLDER}/${name}`);
      const users = project.composeFiles.filter((path) => path !== STACK_FILE);
      const paths = [".env", ...users, ...made, ...referenced].map((path) => inside(dir, path));
      return [...new Set(paths)].flatMap((path) =>
        path !== undefined && existsSync(join(dir, path)) ? [file(dir, path)] : [],
      );
    },
  };
}

export function aboutProject({ declaration, ...project }: Workspace, tool: string): BackupSources["about"] {
  const { server } = resolveServer(declaration.server);
  return {
    tool,
    project: project.composeProjectName ?? "",
    glitchtip: {
      generation: server?.capabilities.generation ?? "",
      image: project.env.GLITCHTIP_IMAGE || (declaration.server.image ?? ""),
    },
  };
}

/** Only what we write there, or may be asked to write. */
export function envText(env: Readonly<Record<string, string | undefined>>): string {
  return ENV_NAMES.flatMap((name) => (env[name] ? [`${name}=${env[name]}\n`] : [])).join("");
}

const MANAGED = ".glitchtip/manifest.json";

/** What the tool has written there and would write again; none of it is a secret. */
export function managedFiles(dir: string): string[] {
  try {
    const { files = {} } = JSON.parse(readIfThere(join(dir, MANAGED)) ?? "{}") as { files?: object };
    return [MANAGED, ...Object.keys(files)];
  } catch {
    return [];
  }
}

function file(dir: string, path: string): ProjectFile {
  const full = join(dir, path);
  return { path, content: readIfThere(full) ?? "", mode: statSync(full).mode & 0o777 };
}

/** Undefined for what lies elsewhere on this machine. */
function inside(dir: string, path: string): string | undefined {
  const found = relative(dir, resolve(dir, path));
  return found.startsWith("..") || found.startsWith(sep) ? undefined : found.replaceAll(sep, "/");
}
