import { createHash, createHmac, pbkdf2Sync, type randomBytes } from "node:crypto";
import { defined } from "../base/defined.ts";
import { CodedError } from "../base/errors.ts";
import { Secret } from "../base/secret.ts";
import type { Clock } from "../base/wait.ts";
import type { Declaration } from "../config/schema.ts";
import { ownServices, superuserOf } from "../config/server.ts";
import { execCaptured } from "../docker/exec.ts";
import { type Docker, lastLines } from "../docker/index.ts";
import {
  type Accounts,
  containerOf,
  databaseOf,
  jobQueueOf,
  observeStack,
  openStackSecrets,
  PSQL_PREAMBLE,
  type RunningStack,
  restartServices,
  runningContainer,
  type StackSecrets,
  whilePaused,
} from "../running/index.ts";
import { DATABASE, SERVER } from "../stack/service-names.ts";
import {
  MANAGED_SECRETS,
  type RotatableSecret,
  rotatableName,
  type SecretFile,
  secretProgress,
} from "./managed-secrets.ts";

export interface ChangeContext {
  readonly dir: string;
  readonly declaration: Declaration;
  readonly docker: Docker;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly random: typeof randomBytes;
  readonly accounts: Accounts;
  say(text: string): void;
}

export interface ChangedSecret {
  /** As `secrets rotate` takes it. */
  readonly secret: RotatableSecret;
  /** The services that were restarted. */
  readonly restarted: readonly string[];
  /** Whether an interrupted change was finished. */
  readonly resumed: boolean;
}

/** Throws GC1001 for a secret that the user keeps themselves. */
export function requireManagedSecret({ declaration }: Pick<ChangeContext, "declaration">, file: SecretFile): void {
  const ownDatabase = file === "db_password" && ownServices(declaration.server).database !== undefined;
  if (!ownDatabase && !(file === "admin_password" && declaration.admin?.password !== undefined)) return;
  const key = ownDatabase ? "server.database.url" : "admin.password";
  const how = ownDatabase
    ? "Change it in the database and in that place"
    : "Put the new one there, set it with npx glitchtip-compose user password";
  throw new CodedError("GC1001", `this secret is yours: ${key} says where it is`, {
    remedy: `${how}, then: npx glitchtip-compose restart`,
  });
}

/**
 * Gives a generated secret a new value: `given`, or a random one. After a kill at any step the next call goes on, and
 * the old value serves until then.
 */
export async function changeSecret(context: ChangeContext, file: SecretFile, given?: Secret): Promise<ChangedSecret> {
  const { dir, docker, declaration } = context;
  const { bytes, readers, secret } = MANAGED_SECRETS[file];
  const secrets = openStackSecrets(docker);
  const found = secretProgress.read(dir);
  if (found !== undefined && found.file !== file) {
    throw new CodedError("GC1408", `a change of ${found.file} was interrupted and must be completed first`, {
      remedy: `npx glitchtip-compose secrets rotate ${rotatableName(found.file)}`,
    });
  }
  let step = found?.step;
  let running = found?.running;
  const reached = (done: NonNullable<typeof step>) => {
    step = done;
    secretProgress.save(dir, { version: 1, file, step, ...defined({ running }) });
  };
  if (step === undefined) {
    const next = given ?? new Secret(context.random(bytes).toString("base64url"));
    if (file === "db_password") await startDatabase(context, secrets, next);
    // A change that could not be finished must not begin.
    else runningContainer(await observeStack(docker), SERVER);
    await secrets.write({ [secret]: next }, "next");
    const stack = await observeStack(docker);
    running = readers.filter((service) => containerOf(stack, service)?.state === "running");
    reached("kept");
  }
  const serveNext = async () => {
    if (step !== "swapped") {
      const next = step === "kept" ? await secrets.read(secret, "next") : undefined;
      if (step === "kept" && next === undefined) throw newValueLost(file);
      const failure = await swap(context, secrets, file, next?.value, () => reached("set"));
      if (failure !== undefined) {
        reached("kept");
        throw failure;
      }
      reached("swapped");
    }
    const stack = await observeStack(docker);
    const restarted = (running ?? readers).filter((service) => containerOf(stack, service) !== undefined);
    if (restarted.length > 0) await restartServices(context, restarted);
    return restarted;
  };
  const restarted =
    file === "db_password"
      ? await whilePaused({ ...context, queue: jobQueueOf(declaration) }, serveNext, running)
      : await serveNext();
  secretProgress.forget(dir);
  return { secret: rotatableName(file), restarted, resumed: found !== undefined };
}

/**
 * Sets the new value on the server, unless an earlier run has, and puts it in use. Returns the error where the old value
 * stays in use.
 */
async function swap(
  context: ChangeContext,
  secrets: StackSecrets,
  file: SecretFile,
  next: Secret | undefined,
  onSet: () => void,
): Promise<unknown> {
  try {
    if (next !== undefined) {
      await setOnServer(context, file, next);
      onSet();
    }
    // Does nothing if a run was killed between this and its record.
    await secrets.promote(MANAGED_SECRETS[file].secret);
    return undefined;
  } catch (error) {
    context.signal.throwIfAborted();
    if (file !== "db_password") return error;
    const isBack = await takeBack(context, secrets).catch((other: unknown) => {
      context.say(`the database keeps the new password until the next run: ${other}`);
      throw error;
    });
    return isBack ? error : undefined;
  }
}

/**
 * Gives the database the password that its volume holds, which web and worker read when they start. Returns false where
 * that is the new one already.
 */
async function takeBack(context: ChangeContext, secrets: StackSecrets): Promise<boolean> {
  const { secret } = MANAGED_SECRETS.db_password;
  const [inUse, next] = [await secrets.read(secret), await secrets.read(secret, "next")];
  if (inUse !== undefined) await setDatabasePassword(context, inUse.value);
  return next !== undefined;
}

/**
 * Starts the database where it does not run. One whose password is lost does not start without any, so it gets the new
 * one; the change then sets that on the server by the database's socket, which asks for none.
 */
async function startDatabase({ docker, say }: ChangeContext, secrets: StackSecrets, next: Secret): Promise<void> {
  const stack = await observeStack(docker);
  const service = databaseServiceOf(stack);
  const { secret } = MANAGED_SECRETS.db_password;
  const isLost = (await secrets.read(secret)) === undefined;
  if (isLost) {
    if (service !== DATABASE) {
      throw new CodedError(
        "GC1605",
        "the database's password is lost, and this container requires it for every connection",
        {
          remedy: "npx glitchtip-compose restore puts a backup in its place, with the secrets in it.",
        },
      );
    }
    say("the password is lost, so the database gets a new one");
    await secrets.write({ [secret]: next }, "missing");
  }
  if (!isLost && containerOf(stack, service)?.state === "running") return;
  if (service !== DATABASE) runningContainer(stack, service);
  await docker.compose.up({ services: [service], flags: ["--detach", "--wait", "--no-deps"], onLine: say });
}

const newValueLost = (file: SecretFile) =>
  new CodedError("GC1408", `the new ${rotatableName(file)} is gone from its volume`, {
    remedy: "Delete .glitchtip/state/secrets.json and run the command again: a new secret is created.",
  });

/** The server reads the secret key when it starts; the passwords are set while it runs. */
async function setOnServer(context: ChangeContext, file: SecretFile, value: Secret): Promise<void> {
  if (file === "secret_key") return;
  context.say(`setting the new ${file.replace("_", " ")} on the server`);
  if (file === "db_password") return await setDatabasePassword(context, value);
  const { email } = superuserOf(context.declaration);
  await context.accounts.do("user password", { email, password: value });
}

const databaseServiceOf = ({ config }: RunningStack): string => databaseOf(config.services) ?? DATABASE;

/**
 * Reads verifier and password from stdin, so that no argument list has them. The new password is tried as well, because
 * an interrupted run may have set it.
 */
const SET_PASSWORD = `IFS= read -r VERIFIER && IFS= read -r NEXT && export VERIFIER
${PSQL_PREAMBLE}sql -c 'SELECT 1' >/dev/null 2>&1 </dev/null || export PGPASSWORD="$NEXT"
sql -f - <<'SQL'
\\getenv verifier VERIFIER
ALTER ROLE CURRENT_USER PASSWORD :'verifier';
SQL
`;

async function setDatabasePassword({ docker, random }: ChangeContext, value: Secret): Promise<void> {
  const stack = await observeStack(docker);
  const container = runningContainer(stack, databaseServiceOf(stack)).id;
  const input = `${scramVerifier(value.reveal(), random)}\n${value.reveal()}\n`;
  const { code, stderr } = await execCaptured(docker, { container, command: ["sh", "-c", SET_PASSWORD] }, input);
  if (code === 0) return;
  throw new CodedError("GC1605", "the database did not take the new password; the old one is in use", {
    problems: lastLines(stderr, 3),
    remedy: "Find the reason with: npx glitchtip-compose logs db --errors; then rotate the password again.",
  });
}

const SCRAM_ITERATIONS = 4_096;

/** Returns what Postgres stores for a password (RFC 5803), so that no statement and no log has the password itself. */
function scramVerifier(password: string, random: typeof randomBytes): string {
  const salt = random(16);
  const salted = pbkdf2Sync(password, salt, SCRAM_ITERATIONS, 32, "sha256");
  const hmac = (text: string) => createHmac("sha256", salted).update(text).digest();
  const stored = createHash("sha256").update(hmac("Client Key")).digest("base64");
  return `SCRAM-SHA-256$${SCRAM_ITERATIONS}:${salt.toString("base64")}$${stored}:${hmac("Server Key").toString("base64")}`;
}
