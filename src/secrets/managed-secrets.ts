import * as z from "zod/mini";
import { defined } from "../base/defined.ts";
import { MADE_SECRETS, type MadeSecret } from "../config/secret-volumes.ts";
import { type SecretUse, weakness } from "../config/secrets.ts";
import { progressFile } from "../outputs/progress-file.ts";
import type { StackSecrets } from "../running/index.ts";
import { DATABASE, DATABASE_TOOLS, SERVER, WORKER } from "../stack/service-names.ts";

export const MANAGED_SECRET_FILES = ["db_password", "secret_key", "admin_password"] as const;
export type SecretFile = (typeof MANAGED_SECRET_FILES)[number];

interface ManagedSecret {
  readonly use: SecretUse;
  /** Its name in the stack. */
  readonly secret: MadeSecret;
  /** The length of a generated value, before its encoding as base64url. */
  readonly bytes: number;
  /** The services that read it when they start. */
  readonly readers: readonly string[];
}

/** The secrets that the stack makes. */
export const MANAGED_SECRETS: Readonly<Record<SecretFile, ManagedSecret>> = {
  db_password: {
    use: "database password",
    secret: "glitchtip_db_password",
    bytes: MADE_SECRETS.glitchtip_db_password.bytes,
    readers: [DATABASE, DATABASE_TOOLS, SERVER, WORKER],
  },
  secret_key: {
    use: "secret key",
    secret: "glitchtip_secret_key",
    bytes: MADE_SECRETS.glitchtip_secret_key.bytes,
    readers: [SERVER, WORKER],
  },
  admin_password: {
    use: "admin password",
    secret: "glitchtip_admin_password",
    bytes: MADE_SECRETS.glitchtip_admin_password.bytes,
    readers: [],
  },
};

/** What `secrets rotate` takes. */
export const ROTATABLE_SECRETS = ["db-password", "secret-key", "admin-password", "token"] as const;
export type RotatableSecret = (typeof ROTATABLE_SECRETS)[number];

/** What a rotation interrupts, to be told before it begins. */
export const ROTATION_EFFECTS: Readonly<Record<RotatableSecret, string>> = {
  "db-password":
    "the worker finishes its jobs, then database, worker and web restart; during that no event is accepted, and no accepted event is lost",
  "secret-key":
    "everybody is signed out, and links in mails already sent (passwords, invitations) stop working; DSNs and API tokens stay; web and worker restart",
  "admin-password": "the administrator is signed out everywhere; nothing restarts",
  token: "the provisioner's API token is revoked and replaced; DSNs stay, nothing restarts",
};

/** The steps of a change, in order: the new value is kept in a file beside the old one, the server has it, our file has it. */
const STEPS = ["kept", "set", "swapped"] as const;

/** How far the change of a secret is, so that it goes on after a kill. */
export const secretProgress = progressFile({
  name: "secrets",
  steps: STEPS,
  shape: z.object({
    version: z.literal(1),
    file: z.enum(MANAGED_SECRET_FILES),
    step: z.enum(STEPS),
    /** The services that ran before and are restarted. */
    running: z.optional(z.array(z.string())),
  }),
  code: "GC1408",
  remedy:
    "An earlier change of a secret was interrupted. If npx glitchtip-compose status shows all well, delete that file.",
});

export interface ListedSecret {
  /** As `secrets rotate` takes it. */
  readonly name: RotatableSecret;
  readonly state: "good" | "weak" | "not there" | "being changed";
  readonly changedAt?: string;
  /** What is wrong with it, without any part of its value. */
  readonly problems: readonly string[];
}

/** Returns the secrets in their volumes, and how strong they are. */
export async function listSecrets(dir: string, secrets: StackSecrets): Promise<ListedSecret[]> {
  const changing = secretProgress.read(dir)?.file;
  return await Promise.all(
    MANAGED_SECRET_FILES.map(async (file): Promise<ListedSecret> => {
      const { use, secret } = MANAGED_SECRETS[file];
      const name = rotatableName(file);
      const found = await secrets.read(secret);
      if (found === undefined) return { name, state: "not there", problems: [] };
      const value = found.value.reveal();
      const problems = Object.values(
        defined({
          weak: weakness(use, value.trim()),
          blank: /^\s|\s$/.test(value)
            ? "begins or ends with a blank, which GlitchTip takes for a part of it"
            : undefined,
        }),
      );
      const state = changing === file ? "being changed" : problems.length > 0 ? "weak" : "good";
      return { name, state, ...defined({ changedAt: found.changedAt }), problems };
    }),
  );
}

export const rotatableName = (file: SecretFile): RotatableSecret => file.replace("_", "-") as RotatableSecret;
