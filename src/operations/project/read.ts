import { CodedError } from "../../base/errors.ts";
import { loadDeclaration } from "../../config/load.ts";
import { readUserCompose } from "../../stack/user-compose.ts";
import { composeFilesIn, readComposeFiles } from "./compose-files.ts";
import { parseEnv } from "./env-file.ts";
import { DECLARATION_FILE, type Project, projectFrom, readEnvText, readUserFile } from "./project.ts";

export { DECLARATION_FILE, type Project, renderProject } from "./project.ts";

/** Throws GC1108 where there is no declaration. */
export function readProject(dir: string): Project {
  const declarationText = readUserFile(dir, DECLARATION_FILE, "GC1102");
  if (declarationText === undefined) {
    throw new CodedError("GC1108", `${dir} has no ${DECLARATION_FILE}`, {
      remedy: "Run it in the project's folder, or make one with: npx glitchtip-compose init",
    });
  }
  const env = parseEnv(readEnvText(dir));
  const composeFiles = composeFilesIn(dir, env);
  const user = readUserCompose(readComposeFiles(dir, composeFiles));
  return projectFrom(dir, loadDeclaration(declarationText, DECLARATION_FILE), declarationText, composeFiles, user, env);
}
