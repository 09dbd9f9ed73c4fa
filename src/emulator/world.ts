import type { World } from "./call.ts";
import type { EmulatorOptions, Generation } from "./options.ts";
import { hashPassword } from "./passwords.ts";
import { hasQuirk } from "./quirks.ts";
import type { State } from "./state.ts";

/** As the recorded servers said it: they were built from sources. */
const VERSIONS: Readonly<Record<Generation, string>> = {
  "4.1": "0.0.0-unknown",
  "5.1": "0.0.0-unknown",
  "5.2": "0.0.0-unknown",
  "6": "6.2.6",
};

/** What the environment of the server decides; `domain` is asked for late, as a free port is known late. */
export type WorldOptions = Pick<
  EmulatorOptions,
  "version" | "registration" | "organizationCreation" | "allowedHosts"
> & {
  readonly processingDelayMs?: number;
  domain(): string;
  now(): number;
};

export function makeWorld(generation: Generation, options: WorldOptions): World {
  return {
    generation,
    version: options.version ?? VERSIONS[generation],
    has: (quirk) => hasQuirk(generation, quirk),
    now: options.now,
    registrationOpen: options.registration === "open",
    organizationCreationOpen: options.organizationCreation === "open",
    domain: options.domain,
    allowedHosts: options.allowedHosts ?? ["*"],
    processingDelayMs: options.processingDelayMs ?? 300,
  };
}

/** `manage.py createsuperuser`; false when the e-mail is already taken. */
export function createSuperuser(state: State, email: string, password: string, created: string): boolean {
  if (state.users.first("email", email.toLowerCase())) return false;
  state.users.insert({ email, passwordHash: hashPassword(password), isSuperuser: true, created, lastLogin: null });
  return true;
}
