import type { randomBytes } from "node:crypto";
import { renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { CodedError } from "../../base/errors.ts";
import { readIfThere, writeOne } from "../../base/files.ts";
import { Secret } from "../../base/secret.ts";
import type { Clock } from "../../base/wait.ts";
import { ownServices } from "../../config/own-service.ts";
import type { Declaration } from "../../config/schema.ts";
import { superuserOf } from "../../config/server.ts";
import { execCaptured } from "../../docker/exec.ts";
import { type Docker, lastLines } from "../../docker/index.ts";
import { SECRETS_FOLDER } from "../../stack/render.ts";
import type { Accounts } from "../accounts.ts";
import { DATABASE_TOOLS } from "../backup/docker-shell.ts";
import { CONNECT } from "../backup/scripts.ts";
import { runningOf } from "../programs.ts";
import { restart } from "../restart.ts";
import {
  containerOf,
  DATABASE,
  databaseOf,
  observeStack,
  type RunningStack,
  SERVER,
  WORKER,
} from "../running-stack.ts";
import { endProgress, readProgress, type SecretFile, saveProgress } from "./progress.ts";
import { scramVerifier } from "./scram.ts";

export interface ChangeContext {
  readonly dir: string;
  readonly declaration: Declaration;
  readonly docker: Docker;
  readonly clock: Clock;
  readonly random: typeof randomBytes;
  readonly accounts: Accounts;
  say(text: string): void;
}

export interface Changed {
  readonly file: string;
  /** Services that were restarted. */
  readonly restarted: readonly string[];
  /** An interrupted change was ended. */
  readonly resumed: boolean;
}

const BYTES: Readonly<Record<SecretFile, number>> = { admin_password: 18, db_password: 24, secret_key: 48 };

/** Who reads the file when it starts; each start of a container mounts it anew. */
const READERS: Readonly<Record<SecretFile, readonly string[]>> = {
  db_password: [DATABASE, DATABASE_TOOLS, SERVER, WORKER],
  secret_key: [SERVER, WORKER],
  admin_password: [],
};

/** Refuses what is not ours to change. */
export function requireOurs({ declaration }: Pick<ChangeContext, "declaration">, file: SecretFile): void {
  const own = file === "db_password" && ownServices(declaration.server).database !== undefined;
  if (!own && !(file === "admin_password" && declaration.admin?.password !== undefined)) return;
  const key = own ? "server.database.url" : "admin.password";
  const how = own
    ? "Change it in the database and in that place"
    : "Put the new one there, set it with glitchtip-compose user password";
  throw new CodedError("GC1001", `this secret is yours: ${key} says where it is`, {
    remedy: `${how}, then: glitchtip-compose restart`,
  });
}

/** A new value for one of our secrets. Killed at any step, the same command goes on; the old value serves until then. */
export async function changeSecret(context: ChangeContext, file: SecretFile, given?: Secret): Promise<Changed> {
  const { dir, docker, say } = context;
  const path = join(dir, SECRETS_FOLDER, file);
  const next = `${path}.new`;
  const found = readProgress(dir);
  if (found !== undefined && found.file !== file) {
    throw new CodedError("GC1408", `a change of ${found.file} was interrupted; that one has to end first`, {
      remedy: `glitchtip-compose secrets rotate ${found.file.replace("_", "-")}`,
    });
  }
  let step = found?.step;
  const done = (reached: NonNullable<typeof step>) => {
    step = reached;
    saveProgress(dir, { version: 1, file, step });
  };
  if (step === undefined) {
    const stack = await observeStack(docker);
    // Nothing is begun that cannot be ended.
    runningOf(stack, SERVER);
    if (file === "db_password") runningOf(stack, databaseIn(stack));
    rmSync(next, { force: true });
    writeOne(next, given?.reveal() ?? context.random(BYTES[file]).toString("base64url"), 0o444);
    done("kept");
  }
  if (step === "kept") {
    const value = readIfThere(next);
    if (value === undefined) throw lost(next);
    await setOnServer(context, file, new Secret(value));
    done("set");
  }
  if (step === "set") {
    // Missing: a run was killed right after this.
    if (readIfThere(next) !== undefined) renameSync(next, path);
    done("swapped");
  }
  const stack = await observeStack(docker);
  const restarted = READERS[file].filter((service) => containerOf(stack, service)?.state === "running");
  if (restarted.length > 0) await restart(docker, restarted, context.clock, say);
  endProgress(dir);
  return { file: `${SECRETS_FOLDER}/${file}`, restarted, resumed: found !== undefined };
}

async function setOnServer(
  { docker, accounts, declaration, random, say }: ChangeContext,
  file: SecretFile,
  value: Secret,
): Promise<void> {
  if (file === "secret_key") return;
  say(`setting the new ${file.replace("_", " ")} on the server`);
  if (file === "admin_password") {
    await accounts.do("user password", { email: superuserOf(declaration).email, password: value });
    return;
  }
  const stack = await observeStack(docker);
  const container = runningOf(stack, databaseIn(stack)).id;
  const words = `${scramVerifier(value.reveal(), random)}\n${value.reveal()}\n`;
  const { code, stderr } = await execCaptured(docker, { container, command: ["sh", "-c", SET_PASSWORD] }, words);
  if (code === 0) return;
  throw new CodedError("GC1605", "the database did not take the new password; the old one is in use", {
    problems: lastLines(stderr, 3),
    remedy: "Look at it with: glitchtip-compose logs db --errors; then run it again.",
  });
}

const databaseIn = ({ config }: RunningStack): string => databaseOf(config.services) ?? DATABASE;

/** By stdin, so that it is in no argument list. After an interruption the new one may be the one that opens. */
const SET_PASSWORD = `IFS= read -r VERIFIER && IFS= read -r NEXT && export VERIFIER
${CONNECT}sql -c 'SELECT 1' >/dev/null 2>&1 </dev/null || export PGPASSWORD="$NEXT"
sql -f - <<'SQL'
\\getenv verifier VERIFIER
ALTER ROLE CURRENT_USER PASSWORD :'verifier';
SQL
`;

const lost = (path: string) =>
  new CodedError("GC1408", `${path} is gone, which held the new value`, {
    remedy: "Delete .glitchtip/state/secrets.json and run it again: a new one is made.",
  });
