import type { Identity } from "../glitchtip/identity.ts";

/** What earlier runs found or made on one server, by the names of the declaration: ids are identity, slugs addresses. */
export interface KnownServer {
  readonly organizations: Readonly<Record<string, KnownOrganization>>;
}

export interface KnownOrganization extends Identity {
  /** By the key in the declaration. */
  readonly projects: Readonly<Record<string, Identity>>;
  /** Ids by the declared slug. */
  readonly teams: Readonly<Record<string, string>>;
}

export const NOTHING_KNOWN: KnownServer = { organizations: {} };

/** No name of a user's finds what every object has. */
export const own = <T>(record: Readonly<Record<string, T>>, key: string): T | undefined =>
  Object.hasOwn(record, key) ? record[key] : undefined;
