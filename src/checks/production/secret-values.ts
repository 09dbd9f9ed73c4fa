import { readIfThere } from "../../base/files.ts";
import { referencedPath } from "../../base/user-folders.ts";
import type { Declaration } from "../../config/schema.ts";
import { handedSecrets, MADE_SECRETS, type MadeSecret, withoutLineEnd } from "../../config/secret-volumes.ts";
import { parseStackReference, type SecretUse, weakness } from "../../config/secrets.ts";
import { ownServices } from "../../config/server.ts";
import type { Docker } from "../../docker/index.ts";
import { observeStack, openStackSecrets } from "../../running/index.ts";
import type { RotatableSecret } from "../../secrets/index.ts";
import { SECRETS_FOLDER } from "../../stack/managed-files.ts";
import { SETUP } from "../../stack/service-names.ts";

type Variables = Readonly<Record<string, string | undefined>>;

export interface WeakSecret {
  readonly what: string;
  /** Its name for `secrets rotate`; missing for a secret that the user gives. */
  readonly made?: RotatableSecret;
}

/** Values of the secrets that the stack has made, and of those that were handed to it from Vault, by their names. */
export type StoredValues = Readonly<
  Partial<Record<MadeSecret | "glitchtip_database_url" | "glitchtip_email_url", string>>
>;

/** Reads them from their volumes. */
export async function readStoredValues(docker: Docker): Promise<StoredValues> {
  const secrets = openStackSecrets(docker);
  const { config } = await observeStack(docker);
  const handed = handedSecrets(config.services[SETUP]?.environment).keys();
  const read = [...new Set([...Object.keys(MADE_SECRETS), ...handed])].map(
    async (name) => [name, (await secrets.read(name))?.value.reveal()] as const,
  );
  return Object.fromEntries((await Promise.all(read)).filter(([, value]) => value !== undefined));
}

/** Reads those that an earlier version has left in the workspace, which the setup service takes over. */
export const oldValues = (dir: string): StoredValues =>
  Object.fromEntries(
    Object.entries(MADE_SECRETS).flatMap(([secret, { name }]) => {
      const value = secretAt(dir, `file:${SECRETS_FOLDER}/${name}`, {});
      return value === undefined ? [] : [[secret, value]];
    }),
  );

/** Each weak secret, by where it stands; what cannot be read here is left out, as its own check tells it. */
export function weakSecrets(dir: string, declaration: Declaration, env: Variables, stored: StoredValues): WeakSecret[] {
  const { glitchtip_admin_password, glitchtip_db_password, glitchtip_secret_key } = stored;
  const { admin, mail, server } = declaration;
  const database = ownServices(server).database?.url;
  const referenced: readonly ReferencedSecret[] = [
    ["admin password", "admin.password", admin?.password, "glitchtip_admin_password", asItIs],
    ["database password", "server.database.url", database, "glitchtip_database_url", passwordOf],
    ["mail password", "mail.url", mail?.url, "glitchtip_email_url", passwordOf],
  ];
  const made: readonly (readonly [SecretUse, name: RotatableSecret, value: string | undefined])[] = [
    ["admin password", "admin-password", admin?.password === undefined ? glitchtip_admin_password : undefined],
    ["database password", "db-password", database === undefined ? glitchtip_db_password : undefined],
    ["secret key", "secret-key", glitchtip_secret_key],
  ];
  return [
    ...referenced.flatMap(([use, key, reference, name, read]) => {
      const value =
        reference === undefined ? undefined : (secretAt(dir, reference, env) ?? inVault(reference, stored[name]));
      const found = value === undefined ? undefined : read(value);
      const why = found === undefined ? undefined : weakness(use, found);
      return why === undefined ? [] : [{ what: `${key} (${reference}) ${why}` }];
    }),
    ...made.flatMap(([use, name, value]) => {
      const why = value === undefined ? undefined : weakness(use, value);
      return why === undefined ? [] : [{ what: `${name} ${why}`, made: name }];
    }),
  ];
}

type ReferencedSecret = readonly [
  use: SecretUse,
  key: string,
  reference: string | undefined,
  name: keyof StoredValues,
  read: Read,
];

/** Returns the stored value of a reference that only the command line can read. */
const inVault = (reference: string, stored: string | undefined): string | undefined =>
  parseStackReference(reference).kind === "vault" ? stored : undefined;

type Read = (value: string) => string | undefined;

const asItIs: Read = (value) => value;
const passwordOf: Read = (value) => {
  if (!URL.canParse(value)) return undefined;
  const { password } = new URL(value);
  try {
    return decodeURIComponent(password) || undefined;
  } catch {
    // A % that begins no code stands for itself, as in Python.
    return password;
  }
};

function secretAt(dir: string, reference: string, env: Variables): string | undefined {
  const found = parseStackReference(reference);
  if (found.kind === "vault") return undefined;
  if (found.kind === "env") return env[found.name];
  try {
    return withoutLineEnd(readIfThere(referencedPath(dir, found.path)) ?? "") || undefined;
  } catch {
    return undefined;
  }
}
