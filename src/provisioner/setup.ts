import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import * as z from "zod/mini";
import { CodedError, EXIT } from "../base/errors.ts";
import { readIfThere } from "../base/files.ts";
import type { Log } from "../base/log.ts";
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
  folders: SetupFolders = FOLDERS,
  random: typeof randomBytes = randomBytes,
): void {
  const problems: string[] = [];
  const remedies = new Set<string>();
  for (const name of names) {
    const shown = isMadeSecret(name) ? MADE_SECRETS[name].name : name.replace(/^glitchtip_/, "");
    if (existsSync(join(folders.given, name))) {
      const value = withoutLineEnd(readIfThere(join(folders.given, name)) ?? "");
      if (value === "") problems.push(`${shown}: what the declaration refers to is empty`);
      else if (store.write(name, value)) log.info(`copied ${shown}`);
      continue;
    }
    if (store.value(name) !== undefined) continue;
    if (!isMadeSecret(name)) {
      problems.push(`${shown}: it has no value yet; glitchtip-compose up reads it and hands it over`);
      continue;
    }
    const old = withoutLineEnd(readIfThere(join(folders.old, MADE_SECRETS[name].name)) ?? "");
    if (old !== "") {
      if (store.writeMissing(name, old)) log.info(`took over ${shown} from .glitchtip/secrets`);
    } else if (BOUND_TO_DATABASE.includes(name) && holdsDatabase(folders.database)) {
      problems.push(`${shown}: its volume is empty, and the database that it belongs to is there`);
      remedies.add(`glitchtip-compose secrets rotate ${shown.replace("_", "-")}`);
    } else if (store.writeMissing(name, random(MADE_SECRETS[name].bytes).toString("base64url"))) {
      log.info(`made ${shown}`);
    }
  }
  if (problems.length === 0) return;
  throw new CodedError("GC1107", "secrets are missing:", {
    problems,
    ...(remedies.size > 0 && { remedy: `${[...remedies].join(", then ")}. No data is lost by it.` }),
  });
}

export const setUp: Mode = async ({ secretNames, secretsDir }, { log }) => {
  setUpSecrets(secretNames, new SecretStore(secretsDir), log);
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
export const handleSecrets: Mode = async ({ secretNames: names, secretsDir }, { stdin }) => {
  const request: SecretsRequest = requestSchema.parse(JSON.parse(await text(stdin)));
  const store = new SecretStore(secretsDir);
  if (request.action === "write") {
    for (const [name, value] of Object.entries(request.values)) {
      if (!names.includes(name)) throw new CodedError("GC1107", `this stack has no secret ${name}`);
      if (request.as === "missing") store.writeMissing(name, value);
      else store.write(name, value, request.as);
    }
  }
  if (request.action === "promote" && names.includes(request.name)) store.promote(request.name);
  return EXIT.done;
};
