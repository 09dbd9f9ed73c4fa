import { CodedError } from "../base/errors.ts";
import { OVERRIDE_FILE, STACK_FILE } from "../stack/managed-files.ts";
import { isOurOverride, relativeTo, splitFiles, usersOverrides } from "./discovery.ts";
import type { Workspace } from "./workspace.ts";

type Variables = Readonly<Record<string, string | undefined>>;
type Found = Pick<Workspace, "dir" | "env" | "stackFile">;

/** What keeps Compose from reading our file in this folder, and what to do about it. */
export interface DiscoveryProblem {
  readonly what: string;
  readonly fix: string;
}

/** Returns what makes plain `docker compose` miss our file, or undefined where it finds it. */
export function discoveryProblem(found: Found, shell: Variables): DiscoveryProblem | undefined {
  return shellProblem(found, shell) ?? folderProblem(found, shell);
}

/** Throws GC1103 where Compose would start the services without our file. */
export function refuseMissedStackFile(found: Found, shell: Variables): void {
  const problem = discoveryProblem(found, shell);
  if (problem === undefined) return;
  throw new CodedError("GC1103", `${problem.what}; nothing was started`, { remedy: problem.fix });
}

const missed = (why: string, fix: string): DiscoveryProblem => ({
  what: `${why}, so Compose starts your services without GlitchTip`,
  fix,
});

/** Returns what the shell's variables do, which win over .env and over what lies in the folder. */
export function shellProblem(found: Found, shell: Variables): DiscoveryProblem | undefined {
  const { env, stackFile } = found;
  if (shell.COMPOSE_FILE) {
    if (lists(found, shell.COMPOSE_FILE, { ...env, ...shell })) return undefined;
    return missed(`COMPOSE_FILE=${shell.COMPOSE_FILE} in your shell lacks ${stackFile}`, "unset COMPOSE_FILE");
  }
  if (stackFile !== STACK_FILE) return undefined;
  const name = Object.keys(SKIPS_DOT_ENV).find((one) => SKIPS_DOT_ENV[one]?.(shell[one] ?? ""));
  if (name === undefined) return undefined;
  return missed(
    `${name}=${shell[name]} in your shell keeps Compose from reading COMPOSE_FILE in .env`,
    `unset ${name}`,
  );
}

/** Returns true for a value with which Compose does not read .env. */
const SKIPS_DOT_ENV: Readonly<Record<string, (value: string) => boolean>> = {
  COMPOSE_ENV_FILES: (value) => value !== "" && !value.split(",").includes(".env"),
  COMPOSE_DISABLE_ENV_FILE: (value) => /^(?:1|t|true)$/i.test(value),
};

function folderProblem(found: Found, shell: Variables): DiscoveryProblem | undefined {
  const { dir, env, stackFile } = found;
  if (shell.COMPOSE_FILE || lists(found, env.COMPOSE_FILE, env)) return undefined;
  if (!env.COMPOSE_FILE && stackFile !== STACK_FILE) return undefined;
  const [users] = env.COMPOSE_FILE || !isOurOverride(dir) ? [] : usersOverrides(dir);
  const why =
    users === undefined
      ? `COMPOSE_FILE in .env does not list ${stackFile}`
      : `Compose reads one override file by itself, and beside ${OVERRIDE_FILE} there is ${users}`;
  return missed(why, "npx glitchtip-compose init");
}

const lists = ({ dir, stackFile }: Found, files: string | undefined, env: Variables): boolean =>
  splitFiles(files ?? "", env).some((file) => relativeTo(dir, file) === stackFile);
