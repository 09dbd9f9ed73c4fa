import { createHash, createHmac, pbkdf2Sync, type randomBytes } from "node:crypto";

const ITERATIONS = 4_096;

/** What Postgres keeps of a password (RFC 5803), made here: so the password itself is in no statement and no log. */
export function scramVerifier(password: string, random: typeof randomBytes): string {
  const salt = random(16);
  const salted = pbkdf2Sync(password, salt, ITERATIONS, 32, "sha256");
  const hmac = (text: string) => createHmac("sha256", salted).update(text).digest();
  const stored = createHash("sha256").update(hmac("Client Key")).digest("base64");
  return `SCRAM-SHA-256$${ITERATIONS}:${salt.toString("base64")}$${stored}:${hmac("Server Key").toString("base64")}`;
}
