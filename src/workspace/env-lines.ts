import { serverKind } from "../config/server.ts";
import { STACK_FILE } from "../stack/render.ts";
import { SEPARATOR } from "./compose-files.ts";
import { setVariable } from "./env-file.ts";
import type { Workspace } from "./workspace.ts";

/** Plain `docker compose` finds both files, on each system; a port that is set already stays. */
export function envWith(text: string, project: Workspace, sample: boolean): string {
  let result = text;
  if (project.env.COMPOSE_PATH_SEPARATOR === undefined)
    result = setVariable(result, "COMPOSE_PATH_SEPARATOR", SEPARATOR);
  const separator = project.env.COMPOSE_PATH_SEPARATOR ?? SEPARATOR;
  const stated = project.env.COMPOSE_FILE?.split(separator) ?? [];
  if (!stated.includes(STACK_FILE)) result = setVariable(result, "COMPOSE_FILE", project.composeFiles.join(separator));
  const ours = serverKind(project.declaration) === "bundled";
  if (ours && !project.env.GLITCHTIP_PORT) {
    result = setVariable(result, "GLITCHTIP_PORT", String(project.declaration.server.port));
  }
  if (sample && !project.env.APP_PORT) result = setVariable(result, "APP_PORT", "3000");
  return result;
}
