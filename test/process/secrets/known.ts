import { randomBytes, randomInt } from "node:crypto";

export const EMAIL = "admin@example.com";

export const random = (bytes: number) => randomBytes(bytes).toString("base64url");
/**
 * Generated secrets use the alphabet that the broker's address allows. The administrator's password may hold anything, and
 * begins with what programs take for an option.
 */
export const MADE = {
  admin_password: `-${random(12)}+/="'%é\\$&${random(12)}`,
  db_password: random(24),
  secret_key: random(48),
};
/** Secrets in the user's files, which Compose and the tool both read. */
export const USERS = {
  database_url: random(18),
  env_file: random(18),
  digits: String(1e15 + randomInt(1e14)),
};

/** Secrets that the provisioner creates are added while it runs. */
export const allCanaries = () => [...Object.keys({ ...MADE, ...USERS }), "token", "dsn_key"];
