import { renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { CodedError } from "../base/errors.ts";
import { readIfThere, writeOne } from "../base/files.ts";
import { Secret } from "../base/secret.ts";
import { ownServices } from "../config/server.ts";
import { containerOf, observeStack, restartServices, runningContainer } from "../running/index.ts";
import { SECRETS_FOLDER } from "../stack/render.ts";
import { DATABASE, DATABASE_TOOLS, SERVER, WORKER } from "../stack/service-names.ts";
import { endProgress, readProgress, type SecretFile, saveProgress } from "./progress.ts";
import { type ChangeContext, databaseIn, setOnServer } from "./set-on-server.ts";

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
    runningContainer(stack, SERVER);
    if (file === "db_password") runningContainer(stack, databaseIn(stack));
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
  if (restarted.length > 0) await restartServices(docker, restarted, context.clock, say);
  endProgress(dir);
  return { file: `${SECRETS_FOLDER}/${file}`, restarted, resumed: found !== undefined };
}

const lost = (path: string) =>
  new CodedError("GC1408", `${path} is gone, which held the new value`, {
    remedy: "Delete .glitchtip/state/secrets.json and run it again: a new one is made.",
  });
