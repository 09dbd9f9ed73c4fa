import { randomBytes, randomInt } from "node:crypto";

export const EMAIL = "admin@example.com";

export const random = (bytes: number) => randomBytes(bytes).toString("base64url");
/** Made by us in the alphabet that the broker's address takes; the admin's own may hold anything. */
export const MADE = {
  admin_password: `${random(12)}+/="'%é\\$&${random(12)}`,
  db_password: random(24),
  secret_key: random(48),
};
/** In the user's own files, which Compose and we both read. */
export const USERS = {
  database_url: random(18),
  env_file: random(18),
  digits: String(1e15 + randomInt(1e14)),
};

/** What the provisioner makes besides is learnt while it runs. */
export const allCanaries = () => [...Object.keys({ ...MADE, ...USERS }), "token", "dsn_key"];
