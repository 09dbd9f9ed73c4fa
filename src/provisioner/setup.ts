import { randomBytes } from "node:crypto";
import { chmodSync, chownSync, existsSync, readdirSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { text } from "node:stream/consumers";
import * as z from "zod/mini";
import { CodedError, EXIT } from "../base/errors.ts";
import { orNotThere, readIfThere } from "../base/files.ts";
import type { Log } from "../base/log.ts";
import { dsnFolder } from "../config/dsn-volumes.ts";
import {
  ADMIN_PASSWORD,
  DATABASE_DIR,
  GIVEN_SECRETS_DIR,
  isMadeSecret,
  MADE_SECRETS,
  type MadeSecret,
  OLD_SECRETS_DIR,
  type SecretsRequest,
  withoutLineEnd,
} from "../config/secret-volumes.ts";
import type { Mode } from "./modes.ts";
import { holdsDatabase, SecretStore } from "./secret-store.ts";

/** A new one of these would not fit the account that an existing database holds. */
const BOUND_TO_DATABASE: readonly MadeSecret[] = ["glitchtip_db_password", "glitchtip_admin_password"];

export interface SetupFolders {
  readonly given: string;
  readonly old: string;
  readonly database: string;
}

const FOLDERS: SetupFolders = { given: GIVEN_SECRETS_DIR, old: OLD_SECRETS_DIR, database: DATABASE_DIR };

/**
 * Copies the referenced secrets into their volumes and makes those that are missing. Everything that can be done is done
 * before the problems are thrown.
 */
export function setUpSecrets(
  names: readonly string[],
  store: SecretStore,
  log: Log,
  { folders = FOLDERS, handed = new Map(), random = randomBytes }: SetupOptions = {},
): void {
  const context: SetupContext = { store, log, folders, random };
  const problems = names.flatMap((name): Problem[] => {
    if (handed.has(name)) return handedProblem(store, name, handed.get(name));
    if (existsSync(join(folders.given, name))) return copyGiven(context, name);
    if (store.value(name) !== undefined) return [];
    if (isMadeSecret(name)) return makeMissing(context, name);
    return [{ what: `${shownName(name)}: no file or variable provides it`, remedy: "npx glitchtip-compose init" }];
  });
  if (problems.length === 0) return;
  const remedies = [...new Set(problems.flatMap(({ remedy }) => remedy ?? []))];
  throw new CodedError("GC1107", "secrets are missing:", {
    problems: problems.map(({ what }) => what),
    ...(remedies.length > 0 && { remedy: `${remedies.join(", then ")}. No data is lost.` }),
  });
}

export interface SetupOptions {
  readonly folders?: SetupFolders;
  readonly handed?: ReadonlyMap<string, string>;
  readonly random?: typeof randomBytes;
}

interface SetupContext {
  readonly store: SecretStore;
  readonly log: Log;
  readonly folders: SetupFolders;
  readonly random: typeof randomBytes;
}

interface Problem {
  readonly what: string;
  readonly remedy?: string;
}

const shownName = (name: string): string =>
  isMadeSecret(name) ? MADE_SECRETS[name].name : name.replace(/^glitchtip_/, "");

/** Finds a secret that was never handed over, or that was handed over for a reference that the declaration has no more. */
function handedProblem(store: SecretStore, name: string, mark: string | undefined): Problem[] {
  if (store.value(name) !== undefined && store.mark(name) === mark) return [];
  const what = `${shownName(name)}: containers cannot read it from Vault; npx glitchtip-compose up hands it over`;
  return [{ what, remedy: "npx glitchtip-compose up" }];
}

function copyGiven({ store, log, folders }: SetupContext, name: string): Problem[] {
  const value = withoutLineEnd(readIfThere(join(folders.given, name)) ?? "");
  if (value === "") return [{ what: `${shownName(name)}: what the declaration refers to is empty` }];
  if (store.write(name, value)) log.info(`copied ${shownName(name)}`);
  return [];
}

/** Takes the secret of an earlier version over, or makes one, unless an existing database needs the lost one. */
function makeMissing({ store, log, folders, random }: SetupContext, name: MadeSecret): Problem[] {
  const shown = shownName(name);
  const old = withoutLineEnd(readIfThere(join(folders.old, shown)) ?? "");
  if (old !== "") {
    if (store.writeMissing(name, old)) log.info(`took over ${shown} from .glitchtip/secrets`);
    return [];
  }
  if (BOUND_TO_DATABASE.includes(name) && holdsDatabase(folders.database)) {
    const what = `${shown}: its volume is empty, but the database that it belongs to exists`;
    return [{ what, remedy: `npx glitchtip-compose secrets rotate ${shown.replace("_", "-")}` }];
  }
  const made = random(MADE_SECRETS[name].bytes).toString("base64url");
  if (store.writeMissing(name, made)) log.info(`created ${shown}`);
  return [];
}

/** Gives each app's DSN folder the owner of the folder above them, which the provisioner's image gives to its own user. */
function handOverDsnFolders(dsnDir: string): void {
  const { uid, gid } = statSync(dsnDir, { throwIfNoEntry: false }) ?? {};
  if (uid === undefined || gid === undefined) return;
  const folder = dsnFolder(dsnDir, "");
  for (const app of orNotThere(folder, () => readdirSync(folder)) ?? []) chownSync(dsnFolder(dsnDir, app), uid, gid);
}

export const setUp: Mode = async (environment, { log }) => {
  const { secretNames, secretsDir, dsnDir, handedSecrets: handed, databaseRunFile } = environment;
  handOverDsnFolders(dsnDir);
  // A fresh volume belongs to root, and glitchtip-init is another user.
  if (databaseRunFile !== undefined) chmodSync(dirname(databaseRunFile), 0o777);
  setUpSecrets(secretNames, new SecretStore(secretsDir), log, { handed });
  return EXIT.done;
};

/** Prints the administrator's password. */
export const showPassword: Mode = async ({ secretsDir }, { print }) => {
  const value = new SecretStore(secretsDir).value(ADMIN_PASSWORD);
  if (value === undefined) {
    throw new CodedError("GC1107", "there is no administrator's password yet", {
      remedy: "docker compose up -d --wait",
    });
  }
  print(value);
  return EXIT.done;
};

const requestSchema = z.union([
  z.object({
    action: z.literal("write"),
    values: z.record(z.string(), z.string().check(z.minLength(1))),
    as: z.enum(["value", "next", "missing"]),
  }),
  z.object({ action: z.literal("promote"), name: z.string() }),
]);

/** Executes one request of the command line. */
export const handleSecrets: Mode = async ({ secretNames: names, secretsDir, handedSecrets }, { stdin }) => {
  const request: SecretsRequest = requestSchema.parse(JSON.parse(await text(stdin)));
  const store = new SecretStore(secretsDir);
  if (request.action === "write") {
    for (const [name, value] of Object.entries(request.values)) {
      if (!names.includes(name)) throw new CodedError("GC1107", `this stack has no secret ${name}`);
      const mark = handedSecrets.get(name);
      if (request.as === "missing") store.writeMissing(name, value);
      else store.write(name, value, request.as);
      if (mark !== undefined && request.as === "value") store.setMark(name, mark);
    }
  }
  if (request.action === "promote" && names.includes(request.name)) store.promote(request.name);
  return EXIT.done;
};
