import { resolve } from "node:path";
import { readIfThere } from "../../base/files.ts";
import type { Declaration } from "../../config/schema.ts";
import { parsePasswordRef, type SecretUse, weakness } from "../../config/secrets.ts";
import { ownServices } from "../../config/server.ts";
import type { RotatableSecret } from "../../secrets/index.ts";
import { SECRETS_FOLDER } from "../../stack/managed-files.ts";

type Variables = Readonly<Record<string, string | undefined>>;

export interface WeakSecret {
  readonly what: string;
  /** Its name for `secrets rotate`; missing for a secret that the user gives. */
  readonly made?: RotatableSecret;
}

/** Returns each weak secret with its place. One that cannot be read is left out: another check reports it. */
export function weakSecrets(dir: string, declaration: Declaration, env: Variables): WeakSecret[] {
  const { admin, mail, server } = declaration;
  const database = ownServices(server).database?.url;
  const generated = (name: string) => `file:${SECRETS_FOLDER}/${name}`;
  const secrets: readonly (readonly [SecretUse, key: string, reference: string | undefined, read: Read])[] = [
    ["admin password", "admin.password", admin?.password ?? generated("admin_password"), asItIs],
    database === undefined
      ? ["database password", "the database's password", generated("db_password"), asItIs]
      : ["database password", "server.database.url", database, passwordOf],
    ["secret key", "the secret key", generated("secret_key"), asItIs],
    ["mail password", "mail.url", mail?.url, passwordOf],
  ];
  return secrets.flatMap(([use, key, reference, read]) => {
    const value = reference === undefined ? undefined : secretAt(dir, reference, env);
    const found = value === undefined ? undefined : read(value);
    const why = found === undefined ? undefined : weakness(use, found);
    if (why === undefined) return [];
    const made = MADE[use];
    const isOurs = made !== undefined && reference?.startsWith(generated("")) && reference !== admin?.password;
    return [{ what: `${key} (${reference}) ${why}`, ...(isOurs ? { made } : {}) }];
  });
}

const MADE: Readonly<Partial<Record<SecretUse, RotatableSecret>>> = {
  "admin password": "admin-password",
  "database password": "db-password",
  "secret key": "secret-key",
};

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
    return readIfThere(resolve(dir, found.path));
  } catch {
    return undefined;
  }
}
