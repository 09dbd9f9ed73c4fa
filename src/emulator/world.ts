import { CAPABILITIES, type Generation } from "../glitchtip/versions.ts";
import type { EmulatorOptions } from "./options.ts";
import { hasQuirk, type QuirkName } from "./quirks.ts";

/** What the server's environment decides. `domain` is a function because a free port is known only after the start. */
type WorldOptions = Pick<
  EmulatorOptions,
  "version" | "registration" | "organizationCreation" | "allowedHosts" | "trustedOrigins" | "basePath" | "laterFields"
> & {
  readonly processingDelayMs?: number;
  domain(): string;
  now(): number;
};

export function makeWorld(generation: Generation, options: WorldOptions): World {
  return {
    generation,
    version: options.version ?? versionOf(generation),
    has: (quirk) => hasQuirk(generation, quirk),
    now: options.now,
    registrationOpen: options.registration === "open",
    organizationCreationOpen: options.organizationCreation === "open",
    domain: options.domain,
    allowedHosts: options.allowedHosts ?? ["*"],
    trustedOrigins: () => options.trustedOrigins ?? (hasQuirk(generation, "secureBehindTls") ? [options.domain()] : []),
    basePath: CAPABILITIES[generation].basePathVariable === undefined ? "" : (options.basePath ?? ""),
    processingDelayMs: options.processingDelayMs ?? 300,
    laterFields: options.laterFields ?? [],
  };
}

/** The recorded servers were built from sources and say this instead of a version (readiness: "settings"). */
const UNKNOWN_VERSION = "0.0.0-unknown";

function versionOf(generation: Generation): string {
  const { knownFrom, tags } = CAPABILITIES[generation];
  return knownFrom === "recordings" ? UNKNOWN_VERSION : (tags.at(-1) ?? UNKNOWN_VERSION);
}

/** The settings of a server, which do not change while it runs. */
export interface World {
  readonly generation: Generation;
  /** The version in the answer of /api/settings/. */
  readonly version: string;
  has(quirk: QuirkName): boolean;
  /** Returns the time in milliseconds since the epoch. */
  now(): number;
  readonly registrationOpen: boolean;
  readonly organizationCreationOpen: boolean;
  /** Returns GLITCHTIP_DOMAIN. */
  domain(): string;
  readonly allowedHosts: readonly string[];
  trustedOrigins(): readonly string[];
  readonly basePath: string;
  readonly processingDelayMs: number;
  readonly laterFields: readonly string[];
}
