import { resolve } from "node:path";
import { readIfThere } from "../../base/files.ts";
import type { Declaration } from "../../config/schema.ts";
import { isMadeSecret, MADE_SECRETS, type MadeSecret, withoutLineEnd } from "../../config/secret-volumes.ts";
import { parsePasswordRef, type SecretUse, weakness } from "../../config/secrets.ts";
import { ownServices } from "../../config/server.ts";
import type { Docker } from "../../docker/index.ts";
import { openStackSecrets } from "../../running/index.ts";
import type { RotatableSecret } from "../../secrets/index.ts";
import { SECRETS_FOLDER } from "../../stack/managed-files.ts";

type Variables = Readonly<Record<string, string | undefined>>;

export interface WeakSecret {
  readonly what: string;
  /** Its name for `secrets rotate`; missing for a secret that the user gives. */
  readonly made?: RotatableSecret;
}

/** Values of the secrets that the stack has made. */
export type MadeValues = Readonly<Partial<Record<MadeSecret, string>>>;

/** Reads them from their volumes. */
export async function readMadeValues(docker: Docker): Promise<MadeValues> {
  const secrets = openStackSecrets(docker);
  const read = Object.keys(MADE_SECRETS)
    .filter(isMadeSecret)
    .map(async (name) => [name, (await secrets.read(name))?.value.reveal()] as const);
  return Object.fromEntries((await Promise.all(read)).filter(([, value]) => value !== undefined));
}

/** Reads those that an earlier version has left in the workspace, which the setup service takes over. */
export const oldValues = (dir: string): MadeValues =>
  Object.fromEntries(
    Object.entries(MADE_SECRETS).flatMap(([secret, { name }]) => {
      const value = secretAt(dir, `file:${SECRETS_FOLDER}/${name}`, {});
      return value === undefined ? [] : [[secret, value]];
    }),
  );

/** Each weak secret, by where it stands; what cannot be read here is left out, as its own check tells it. */
export function weakSecrets(
  dir: string,
  declaration: Declaration,
  env: Variables,
  { glitchtip_admin_password, glitchtip_db_password, glitchtip_secret_key }: MadeValues,
): WeakSecret[] {
  const { admin, mail, server } = declaration;
  const database = ownServices(server).database?.url;
  const referenced: readonly (readonly [SecretUse, key: string, reference: string | undefined, read: Read])[] = [
    ["admin password", "admin.password", admin?.password, asItIs],
    ["database password", "server.database.url", database, passwordOf],
    ["mail password", "mail.url", mail?.url, passwordOf],
  ];
  const made: readonly (readonly [SecretUse, name: RotatableSecret, value: string | undefined])[] = [
    ["admin password", "admin-password", admin?.password === undefined ? glitchtip_admin_password : undefined],
    ["database password", "db-password", database === undefined ? glitchtip_db_password : undefined],
    ["secret key", "secret-key", glitchtip_secret_key],
  ];
  return [
    ...referenced.flatMap(([use, key, reference, read]) => {
      const value = reference === undefined ? undefined : secretAt(dir, reference, env);
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
  const found = parsePasswordRef(reference);
  if (found.kind === "env") return env[found.name];
  try {
    return withoutLineEnd(readIfThere(resolve(dir, found.path)) ?? "") || undefined;
  } catch {
    return undefined;
  }
}
