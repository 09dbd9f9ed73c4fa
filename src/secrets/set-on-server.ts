import type { randomBytes } from "node:crypto";
import { CodedError } from "../base/errors.ts";
import type { Secret } from "../base/secret.ts";
import type { Clock } from "../base/wait.ts";
import type { Declaration } from "../config/schema.ts";
import { superuserOf } from "../config/server.ts";
import { execCaptured } from "../docker/exec.ts";
import { type Docker, lastLines } from "../docker/index.ts";
import {
  type Accounts,
  databaseOf,
  observeStack,
  PSQL_PREAMBLE,
  type RunningStack,
  runningContainer,
} from "../running/index.ts";
import { DATABASE } from "../stack/service-names.ts";
import type { SecretFile } from "./progress.ts";
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

/** The server takes the new value; the secret key it reads when it starts. */
export async function setOnServer(
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
  const container = runningContainer(stack, databaseIn(stack)).id;
  const words = `${scramVerifier(value.reveal(), random)}\n${value.reveal()}\n`;
  const { code, stderr } = await execCaptured(docker, { container, command: ["sh", "-c", SET_PASSWORD] }, words);
  if (code === 0) return;
  throw new CodedError("GC1605", "the database did not take the new password; the old one is in use", {
    problems: lastLines(stderr, 3),
    remedy: "Look at it with: glitchtip-compose logs db --errors; then run it again.",
  });
}

/** The service in which our Postgres runs. */
export const databaseIn = ({ config }: RunningStack): string => databaseOf(config.services) ?? DATABASE;

/** By stdin, so that it is in no argument list. After an interruption the new one may be the one that opens. */
const SET_PASSWORD = `IFS= read -r VERIFIER && IFS= read -r NEXT && export VERIFIER
${PSQL_PREAMBLE}sql -c 'SELECT 1' >/dev/null 2>&1 </dev/null || export PGPASSWORD="$NEXT"
sql -f - <<'SQL'
\\getenv verifier VERIFIER
ALTER ROLE CURRENT_USER PASSWORD :'verifier';
SQL
`;
