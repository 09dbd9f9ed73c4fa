import { statSync } from "node:fs";
import { join } from "node:path";
import * as z from "zod/mini";
import { defined } from "../base/defined.ts";
import { hasErrno } from "../base/errors.ts";
import { readIfThere } from "../base/files.ts";
import { type SecretUse, weakness } from "../config/secrets.ts";
import { progressFile } from "../outputs/progress-file.ts";
import { SECRETS_FOLDER } from "../stack/managed-files.ts";
import { DATABASE, DATABASE_TOOLS, SERVER, WORKER } from "../stack/service-names.ts";

export const MANAGED_SECRET_FILES = ["db_password", "secret_key", "admin_password"] as const;
export type SecretFile = (typeof MANAGED_SECRET_FILES)[number];

interface ManagedSecret {
  readonly use: SecretUse;
  /** The length of a generated value, before its encoding as base64url. */
  readonly bytes: number;
  /** The services that read the file when they start. Each start of a container mounts it anew. */
  readonly readers: readonly string[];
}

/** The secrets that the tool generates, by their files in the secrets folder. */
export const MANAGED_SECRETS: Readonly<Record<SecretFile, ManagedSecret>> = {
  db_password: { use: "database password", bytes: 24, readers: [DATABASE, DATABASE_TOOLS, SERVER, WORKER] },
  secret_key: { use: "secret key", bytes: 48, readers: [SERVER, WORKER] },
  admin_password: { use: "admin password", bytes: 18, readers: [] },
};

/** What `secrets rotate` takes. */
export const ROTATABLE_SECRETS = ["db-password", "secret-key", "admin-password", "token"] as const;
export type RotatableSecret = (typeof ROTATABLE_SECRETS)[number];

/** What a rotation interrupts, to be told before it begins. */
export const ROTATION_EFFECTS: Readonly<Record<RotatableSecret, string>> = {
  "db-password": "web, worker and database restart; for these seconds new connections to the database fail",
  "secret-key":
    "everybody is signed out, and links in mails that are under way (passwords, invitations) end; DSNs and API tokens stay; web and worker restart",
  "admin-password": "the administrator is signed out everywhere; nothing restarts",
  token: "the provisioner's API token ends and it makes another; DSNs stay, nothing restarts",
};

/** The steps of a change, in order: the new value is kept in a file beside the old one, the server has it, our file has it. */
const STEPS = ["kept", "set", "swapped"] as const;

/** How far the change of a secret is, so that it goes on after a kill. */
export const secretProgress = progressFile({
  name: "secrets",
  steps: STEPS,
  shape: z.object({ version: z.literal(1), file: z.enum(MANAGED_SECRET_FILES), step: z.enum(STEPS) }),
  code: "GC1408",
  remedy:
    "An earlier change of a secret was interrupted. If glitchtip-compose status shows all well, delete that file.",
});

export interface ListedSecret {
  readonly file: string;
  readonly state: "good" | "weak" | "not there" | "being changed";
  readonly changedAt?: string;
  /** What is wrong with it, without any part of its value. */
  readonly problems: readonly string[];
}

/** Returns the generated secrets: how their files are kept, and how strong they are. */
export function listSecrets(dir: string): ListedSecret[] {
  const changing = secretProgress.read(dir)?.file;
  const folderMode = modeOf(join(dir, SECRETS_FOLDER)) ?? 0o700;
  const folderProblem = folderMode & 0o077 ? "its folder is open to others: chmod 700" : undefined;
  return MANAGED_SECRET_FILES.map((name): ListedSecret => {
    const file = `${SECRETS_FOLDER}/${name}`;
    const path = join(dir, file);
    const value = readIfThere(path);
    if (value === undefined) return { file, state: "not there", problems: [] };
    const readable = (modeOf(path) ?? 0o444) & 0o004;
    const problems = Object.values(
      defined({
        weak: weakness(MANAGED_SECRETS[name].use, value.trim()),
        newline: /\s$/.test(value) ? "ends with a newline, which GlitchTip takes for a part of it" : undefined,
        mode: readable ? undefined : "cannot be read by GlitchTip's user: chmod 444",
        folderProblem,
      }),
    );
    const state = changing === name ? "being changed" : problems.length > 0 ? "weak" : "good";
    return { file, state, changedAt: statSync(path).mtime.toISOString(), problems };
  });
}

function modeOf(path: string): number | undefined {
  try {
    return statSync(path).mode & 0o777;
  } catch (error) {
    if (hasErrno(error, "ENOENT")) return undefined;
    throw error;
  }
}
