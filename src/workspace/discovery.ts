import { lstatSync, readlinkSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { explainWriteError } from "../base/files.ts";
import { serverKind } from "../config/server.ts";
import { STACK_FILE } from "../stack/managed-files.ts";
import type { PlannedFile } from "./decisions.ts";
import { setVariable } from "./env-file.ts";
import type { Workspace } from "./workspace.ts";

// Plain `docker compose` finds our file by COMPOSE_FILE in .env, or by a link that has the name of an override file.

/** Stated on every system: on Windows Compose would otherwise split COMPOSE_FILE at semicolons. */
export const SEPARATOR = ":";

/** The name of the second file that Compose reads by itself, as long as COMPOSE_FILE is not set. */
export const OVERRIDE_LINK = "compose.override.yaml";

/**
 * Returns true where Compose finds our file by the link. A service whose `env_file` is .env would get COMPOSE_FILE as a
 * variable of its own, and Compose would recreate its container.
 */
export function usesOverrideLink({ dir, env, user, composeFiles }: Workspace): boolean {
  const [first, ...others] = composeFiles;
  if (env.COMPOSE_FILE || first === STACK_FILE || others.length !== 1) return false;
  return isOurLink(dir, OVERRIDE_LINK) || servicesReadingDotEnv(user).length > 0;
}

/** Returns the names of the services whose `env_file` is .env. */
export const servicesReadingDotEnv = ({ services }: Workspace["user"]): string[] =>
  Object.keys(services).filter((name) => services[name]?.envFiles.includes(".env"));

export function isOurLink(dir: string, name: string): boolean {
  try {
    return readlinkSync(join(dir, name)) === STACK_FILE;
  } catch {
    return false;
  }
}

export const plannedLink = (dir: string): PlannedFile => ({
  path: OVERRIDE_LINK,
  state: isOurLink(dir, OVERRIDE_LINK) ? "same" : "new",
});

/** Leaves a file of that name as it is. */
export function createOverrideLink(dir: string): void {
  const path = join(dir, OVERRIDE_LINK);
  if (lstatSync(path, { throwIfNoEntry: false }) !== undefined) return;
  try {
    symlinkSync(STACK_FILE, path);
  } catch (error) {
    throw explainWriteError(error, path);
  }
}

/** Returns the text of .env with COMPOSE_FILE and the ports that Compose fills in. A port that is set already stays. */
export function envWith(text: string, { env, composeFiles, declaration }: Workspace, sample: boolean): string {
  const separator = env.COMPOSE_PATH_SEPARATOR ?? SEPARATOR;
  const stated = env.COMPOSE_FILE?.split(separator) ?? [];
  const lines: Readonly<Record<string, string | false>> = {
    COMPOSE_PATH_SEPARATOR: env.COMPOSE_PATH_SEPARATOR === undefined && SEPARATOR,
    COMPOSE_FILE: !stated.includes(STACK_FILE) && composeFiles.join(separator),
    GLITCHTIP_PORT: serverKind(declaration) === "bundled" && !env.GLITCHTIP_PORT && String(declaration.server.port),
    APP_PORT: sample && !env.APP_PORT && "3000",
  };
  return Object.entries(lines).reduce(
    (edited, [name, value]) => (value === false ? edited : setVariable(edited, name, value)),
    text,
  );
}
