import { readFileSync } from "node:fs";
import { CodedError, hasErrno } from "../base/errors.ts";
import { readIfThere } from "../base/files.ts";
import type { Log } from "../base/log.ts";
import { Secret } from "../base/secret.ts";
import { DATABASE_RUN_VARIABLE } from "../config/database-run.ts";
import { PROVES_WORKER_VARIABLE } from "../config/defaults.ts";
import { declarationHash, type ProvisionFile, provisionInputSchema } from "../config/provision-input.ts";
import type { Audience } from "../config/schema.ts";
import {
  ADMIN_PASSWORD,
  handedSecrets,
  SECRET_NAMES_VARIABLE,
  SECRETS_DIR,
  secretFile,
  withoutLineEnd,
} from "../config/secret-volumes.ts";
import { tokenFrom } from "../provision/index.ts";

/** The settings of the container; each has a variable and a default. */
export interface Environment {
  readonly stateDir: string;
  readonly dsnDir: string;
  readonly inputFile: string;
  readonly declarationFile: string;
  readonly passwordFile: string;
  /** Has a folder for each secret of the stack; only the setup service writes there. */
  readonly secretsDir: string;
  readonly secretNames: readonly string[];
  /** The secrets that the command line hands over: the mark of the reference by the secret's name. */
  readonly handedSecrets: ReadonlyMap<string, string>;
  /** The name of the token that a sign-in creates, if it is not the usual one. */
  readonly tokenLabel: string | undefined;
  /** The file with the user's own token; undefined when the administrator signs in. */
  readonly tokenFile: string | undefined;
  readonly baseUrls: Readonly<Record<Audience, string>>;
  readonly readyWithinMs: number;
  readonly proofWithinMs: number;
  readonly provesWorker: boolean;
  /** The file with the name of the database's run; undefined where no worker depends on it. */
  readonly databaseRunFile: string | undefined;
}

export function readEnvironment(env: Readonly<Record<string, string | undefined>>): Environment {
  const problems: string[] = [];
  const seconds = (name: string, fallback: number) => {
    const text = env[name] || String(fallback);
    if (!/^[1-9]\d{0,5}$/.test(text)) problems.push(`${name}=${text}: must be a number of seconds`);
    return Number(text) * 1_000;
  };
  const address = (name: string, fallback: string) => {
    const text = env[name] || fallback;
    if (!/^https?:\/\/[^/]/.test(text) || !URL.canParse(text))
      problems.push(`${name}=${text}: must begin with http:// or https://`);
    return text;
  };
  const container = address("GLITCHTIP_URL", "http://glitchtip:8000");
  const visible = address("GLITCHTIP_PUBLIC_URL", container);
  const environment = {
    stateDir: env.GLITCHTIP_STATE_DIR || "/state",
    dsnDir: env.GLITCHTIP_DSN_DIR || "/run/glitchtip",
    inputFile: env.GLITCHTIP_PROVISION_FILE || "/opt/glitchtip-compose/provision.json",
    declarationFile: env.GLITCHTIP_DECLARATION_FILE || "/opt/glitchtip-compose/glitchtip.yaml",
    passwordFile: env.GLITCHTIP_ADMIN_PASSWORD_FILE || secretFile(ADMIN_PASSWORD),
    secretsDir: env.GLITCHTIP_SECRETS_DIR || SECRETS_DIR,
    secretNames: (env[SECRET_NAMES_VARIABLE] ?? "").split(" ").filter((name) => name !== ""),
    handedSecrets: handedSecrets(env),
    tokenLabel: env.GLITCHTIP_TOKEN_LABEL || undefined,
    tokenFile: env.GLITCHTIP_TOKEN_FILE || undefined,
    baseUrls: { container, public: visible, host: address("GLITCHTIP_HOST_URL", visible) },
    readyWithinMs: seconds("GLITCHTIP_READY_WITHIN_SECONDS", 300),
    proofWithinMs: seconds("GLITCHTIP_PROOF_WITHIN_SECONDS", 60),
    provesWorker: env[PROVES_WORKER_VARIABLE] === "true",
    databaseRunFile: env[DATABASE_RUN_VARIABLE] || undefined,
  };
  if (problems.length === 0) return environment;
  throw new CodedError("GC1001", "variables that cannot be used:", { problems: [...new Set(problems)] });
}

/** Reads what `init` wrote. Warns when the declaration has changed since. */
export function readInput({ inputFile, declarationFile }: Environment, log: Log): ProvisionFile {
  const result = provisionInputSchema.safeParse(parse(inputFile));
  if (!result.success) {
    const at = result.error.issues.map(({ path }) => path.join(".")).join(", ");
    throw new CodedError("GC1102", `${inputFile} was written by another version (${at})`, {
      remedy: "npx glitchtip-compose init",
    });
  }
  const declaration = readIfReadable(declarationFile);
  if (declaration !== undefined && declarationHash(declaration) !== result.data.declarationSha256) {
    log.warn("glitchtip.yaml has changed since the last init; to apply the change: npx glitchtip-compose init");
  }
  return result.data;
}

/** Returns undefined for a file of another user with mode 0600, which root without capabilities cannot read. */
function readIfReadable(path: string): string | undefined {
  try {
    return readIfThere(path);
  } catch (error) {
    if (hasErrno(error, "EACCES")) return undefined;
    throw error;
  }
}

function parse(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch (cause) {
    throw new CodedError("GC1102", `${path} cannot be read`, { remedy: "npx glitchtip-compose init", cause });
  }
}

/** Reads the administrator's password as templates/init/gate.py does: without the newline at the end of its file. */
export function readPassword({ passwordFile }: Environment): Secret {
  const password = withoutLineEnd(readIfThere(passwordFile) ?? "");
  if (password) return new Secret(password);
  throw new CodedError("GC1107", `${passwordFile}: the administrator's password is missing`, {
    remedy: "npx glitchtip-compose init",
  });
}

/** Returns when the worker is proved. A run of the database that is not known is another one than at the last proof. */
export function workerProof({ provesWorker, databaseRunFile }: Environment): {
  readonly provesWorker: boolean;
  readonly databaseRun?: string;
} {
  if (databaseRunFile === undefined) return { provesWorker };
  const databaseRun = readIfThere(databaseRunFile);
  return databaseRun ? { provesWorker, databaseRun } : { provesWorker: true };
}

/** Returns the `token` of a ProvisionContext, if the user gave one. */
export function givenToken({ tokenFile }: Environment): { token?(): Secret } {
  if (tokenFile === undefined) return {};
  return { token: () => tokenFrom(readIfThere(tokenFile) ?? "", tokenFile) };
}
