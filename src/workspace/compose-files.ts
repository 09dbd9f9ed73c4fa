import { join } from "node:path";
import { CodedError } from "../base/errors.ts";
import { readIfThere } from "../base/files.ts";
import type { Log } from "../base/log.ts";
import type { UserProject } from "../compose/model.ts";
import { readUserCompose, type UserComposeFile } from "../compose/read.ts";
import { correctedBy } from "../compose/resolved.ts";
import { readUserFile } from "./declaration-file.ts";
import type { ComposeFiles } from "./discovery.ts";
import { parseEnv } from "./env-file.ts";

type Variables = Readonly<Record<string, string | undefined>>;

/** Returns the texts of the user's Compose files. Throws GC1103 for one that COMPOSE_FILE names and that does not exist. */
export function readComposeFiles(dir: string, { composeFiles, stackFile }: ComposeFiles): UserComposeFile[] {
  const ours = composeFiles.indexOf(stackFile);
  const users = composeFiles
    .map((path, i) => ({ path, afterStack: i > ours }))
    .filter(({ path }) => path !== stackFile);
  return users.map(({ path, afterStack }) => {
    const text = readUserFile(dir, path, "GC1103");
    if (text !== undefined) return { path, text, afterStack };
    throw new CodedError("GC1103", `COMPOSE_FILE in .env names ${path}, which is not there`, {
      remedy: "Correct COMPOSE_FILE in .env, then run the command again.",
    });
  });
}

/** Compose's own reading of these files; undefined where Compose is not installed. Throws GC1604 where it refuses them. */
export type ComposeReading = (files: readonly string[]) => Promise<unknown>;

/** Reads the user's services without Compose. `variables`: those of .env, overridden by the shell's. */
export const readUserFiles = (dir: string, files: readonly UserComposeFile[], variables: Variables): UserProject =>
  readUserCompose(files, { variables, read: (path) => readIfThere(join(dir, path)), parseEnv });

/** What Compose says when the files are right and only this machine lacks something they need to start. */
const NOT_THE_FILES = /required variable|env file .* not found/i;
/** A user's file may lean on our services and networks, which Compose is not shown here. */
const NAMES_OURS = /\b(?:service|network|volume|config|secret) "?glitchtip/i;

/** Reads the user's services by Compose where it is installed, else as `readUserFiles` does. Throws GC1103 where Compose refuses the files. */
export async function readUserFilesWith(
  compose: ComposeReading | undefined,
  dir: string,
  files: readonly UserComposeFile[],
  variables: Variables,
  log: Log,
): Promise<UserProject> {
  const canAsk = files.length > 0 && !files.some(({ afterStack }) => afterStack);
  // Started first: it takes longer than our own reading, beside which it runs.
  const asked = canAsk
    ? compose?.(files.map(({ path }) => path)).then(
        (config) => ({ config }),
        (error: unknown) => ({ error }),
      )
    : undefined;
  const user = readUserFiles(dir, files, variables);
  const answer = await asked;
  if (answer === undefined) return user;
  if ("config" in answer) return answer.config === undefined ? user : correctedBy(answer.config, user, variables);
  const { error } = answer;
  if (!(error instanceof CodedError) || error.code !== "GC1604") throw error;
  const said = error.problems.join(" ");
  if (NAMES_OURS.test(said)) return user;
  if (!NOT_THE_FILES.test(said)) {
    throw new CodedError("GC1103", `Compose refuses ${files.map(({ path }) => path).join(", ")}`, {
      problems: error.problems,
      remedy: "Correct your Compose files until `docker compose config` accepts them, then run the command again.",
      cause: error,
    });
  }
  log.warn(`docker compose cannot start your services yet: ${error.problems.at(-1) ?? ""}`);
  return user;
}
