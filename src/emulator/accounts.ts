import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import type { EmulatorState } from "./state.ts";

const digest = (salt: string, password: string): Buffer => createHash("sha256").update(`${salt}:${password}`).digest();

/** Returns "salt:digest". One round of SHA-256 is enough, because the emulator protects no real account. */
export function hashPassword(password: string): string {
  const salt = randomBytes(8).toString("hex");
  return `${salt}:${digest(salt, password).toString("hex")}`;
}

export function passwordMatches(hash: string, password: string): boolean {
  const [salt = "", hex = ""] = hash.split(":");
  const kept = Buffer.from(hex, "hex");
  const given = digest(salt, password);
  return kept.length === given.length && timingSafeEqual(kept, given);
}

const COMMON = new Set(
  "12345 123456 1234567 12345678 123456789 1234567890 password password1 password123 qwerty qwerty123 qwertyuiop abc123 111111 11111111 00000000 iloveyou admin admin123 letmein welcome monkey dragon football baseball sunshine princess superman changeme passw0rd trustno1 glitchtip".split(
    " ",
  ),
);

/** Returns the errors of the server's password rules, in its order (sign-up). */
export function passwordComplaints(password: string): { message: string; code: string; param: string }[] {
  const complaints: { message: string; code: string; param: string }[] = [];
  const complain = (message: string, code: string) => complaints.push({ message, code, param: "password" });
  if (password.length < 8) {
    complain("This password is too short. It must contain at least 8 characters.", "password_too_short");
  }
  if (COMMON.has(password.toLowerCase())) complain("This password is too common.", "password_too_common");
  if (/^\d+$/.test(password)) complain("This password is entirely numeric.", "password_entirely_numeric");
  return complaints;
}

/** Does what `manage.py createsuperuser` does. Returns false when the e-mail address is already taken. */
export function createSuperuser(state: EmulatorState, email: string, password: string, created: string): boolean {
  if (state.users.first("email", email.toLowerCase())) return false;
  state.users.insert({ email, passwordHash: hashPassword(password), isSuperuser: true, created, lastLogin: null });
  return true;
}
