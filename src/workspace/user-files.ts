import { join } from "node:path";
import { CodedError } from "../base/errors.ts";
import { readIfThere } from "../base/files.ts";
import type { Log } from "../base/log.ts";
import { correctedBy } from "../stack/compose-config.ts";
import type { UserProject } from "../stack/model.ts";
import { readUserCompose, type UserComposeFile } from "../stack/user-compose.ts";
import { parseEnv } from "./env-file.ts";

type Variables = Readonly<Record<string, string | undefined>>;

/** Compose's own reading of these files; undefined where it is not there. Throws GC1604 where it refuses them. */
export type ComposeReading = (files: readonly string[]) => Promise<unknown>;

/** As Compose reads them, without it. `variables`: .env, the shell's above it. */
export const readUserFiles = (dir: string, files: readonly UserComposeFile[], variables: Variables): UserProject =>
  readUserCompose(files, { variables, read: (path) => readIfThere(join(dir, path)), parseEnv });

/** What Compose says when the files are right and only this machine lacks something they need to start. */
const NOT_THE_FILES = /required variable|env file .* not found/i;
/** A user's file may lean on our services and networks, which Compose is not shown here. */
const NAMES_OURS = /\b(?:service|network|volume|config|secret) "?glitchtip/i;

/** As Compose reads them, by Compose where it is there. */
export async function readUserFilesWith(
  compose: ComposeReading | undefined,
  dir: string,
  files: readonly UserComposeFile[],
  variables: Variables,
  log: Log,
): Promise<UserProject> {
  // Started first: it takes longer than our own reading, beside which it runs.
  const asked =
    files.length === 0 || files.some(({ afterOurs }) => afterOurs)
      ? undefined
      : compose?.(files.map(({ path }) => path)).then(
          (config) => ({ config }),
          (error: unknown) => ({ error }),
        );
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
      remedy: "Correct it until `docker compose config` accepts it, then run it again.",
      cause: error,
    });
  }
  log.warn(`docker compose cannot start your services yet: ${error.problems.at(-1) ?? ""}`);
  return user;
}
