import type { Log } from "../base/log.ts";
import { loadDeclaration } from "../config/load.ts";
import { composeFilesIn, readComposeFiles } from "./compose-files.ts";
import { DECLARATION_FILE, readDeclarationText } from "./declaration-file.ts";
import type { WorkspaceDocker } from "./docker.ts";
import { parseEnv } from "./env-file.ts";
import { readUserFiles, readUserFilesWith } from "./user-files.ts";
import { readEnvText, type Workspace, workspaceFrom } from "./workspace.ts";

export { renderWorkspace, type Workspace } from "./workspace.ts";
export { DECLARATION_FILE, readDeclarationText };

type Variables = Readonly<Record<string, string | undefined>>;

/** The project as it is on disk, read without Docker. `shell` fills in variables, above .env. */
export function readWorkspace(dir: string, shell: Variables = {}): Workspace {
  const text = readDeclarationText(dir);
  const declaration = loadDeclaration(text, DECLARATION_FILE);
  const env = parseEnv(readEnvText(dir));
  const composeFiles = composeFilesIn(dir, env);
  const user = readUserFiles(dir, readComposeFiles(dir, composeFiles), { ...env, ...shell });
  return workspaceFrom(dir, declaration, text, composeFiles, user, env, shell);
}

export interface ReadContext {
  readonly dir: string;
  readonly log: Log;
  readonly env?: Variables;
  readonly docker?: WorkspaceDocker;
}

/** The same, its Compose files read by Compose where that is there; with this text for a declaration. */
export async function readWorkspaceWith(
  { dir, log, env: shell = {}, docker }: ReadContext,
  text: string,
): Promise<Workspace> {
  const declaration = loadDeclaration(text, DECLARATION_FILE);
  const env = parseEnv(readEnvText(dir));
  const composeFiles = composeFilesIn(dir, env);
  const files = readComposeFiles(dir, composeFiles);
  const user = await readUserFilesWith(docker?.config, dir, files, { ...env, ...shell }, log);
  return workspaceFrom(dir, declaration, text, composeFiles, user, env, shell);
}
