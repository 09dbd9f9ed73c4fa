import { CodedError } from "../../base/errors.ts";
import type { Log } from "../../base/log.ts";
import { loadDeclaration } from "../../config/load.ts";
import { composeFilesIn, readComposeFiles } from "./compose-files.ts";
import type { ProjectDocker } from "./docker.ts";
import { parseEnv } from "./env-file.ts";
import { DECLARATION_FILE, type Project, projectFrom, readEnvText, readUserFile } from "./project.ts";
import { readUserFiles, readUserFilesWith } from "./user-files.ts";

export { DECLARATION_FILE, type Project, renderProject } from "./project.ts";

type Variables = Readonly<Record<string, string | undefined>>;

/** Throws GC1108 where there is no declaration. */
export function readDeclarationText(dir: string, remedy = "npx glitchtip-compose init"): string {
  const text = readUserFile(dir, DECLARATION_FILE, "GC1102");
  if (text !== undefined) return text;
  throw new CodedError("GC1108", `${dir} has no ${DECLARATION_FILE}`, {
    remedy: `Run it in the project's folder, or make one with: ${remedy}`,
  });
}

/** The project as it is on disk, read without Docker. `shell` fills in variables, above .env. */
export function readProject(dir: string, shell: Variables = {}): Project {
  const text = readDeclarationText(dir);
  const declaration = loadDeclaration(text, DECLARATION_FILE);
  const env = parseEnv(readEnvText(dir));
  const composeFiles = composeFilesIn(dir, env);
  const user = readUserFiles(dir, readComposeFiles(dir, composeFiles), { ...env, ...shell });
  return projectFrom(dir, declaration, text, composeFiles, user, env, shell);
}

export interface ReadContext {
  readonly dir: string;
  readonly log: Log;
  readonly env?: Variables;
  readonly docker?: ProjectDocker;
}

/** The same, its Compose files read by Compose where that is there; with this text for a declaration. */
export async function readProjectWith(
  { dir, log, env: shell = {}, docker }: ReadContext,
  text: string,
): Promise<Project> {
  const declaration = loadDeclaration(text, DECLARATION_FILE);
  const env = parseEnv(readEnvText(dir));
  const composeFiles = composeFilesIn(dir, env);
  const files = readComposeFiles(dir, composeFiles);
  const user = await readUserFilesWith(docker?.config, dir, files, { ...env, ...shell }, log);
  return projectFrom(dir, declaration, text, composeFiles, user, env, shell);
}
