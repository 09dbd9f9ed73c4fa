import type { Declaration } from "./schema.ts";

/** A database or Valkey of the user's: where its address is, and which of their services it is, if any. */
export interface OwnService {
  readonly url: string;
  readonly service?: string | undefined;
}

/** What is not ours to run, by its key in `server`. */
export function ownServices({ database, valkey }: Declaration["server"]): {
  readonly database?: OwnService;
  readonly valkey?: OwnService;
} {
  return {
    ...(typeof database === "object" ? { database } : {}),
    ...(typeof valkey === "object" ? { valkey } : {}),
  };
}

/** Addresses with a password in them, which GlitchTip's containers read: by their key in the declaration. */
export function secretAddresses({ server, mail }: Declaration): Readonly<Record<string, string>> {
  const own = Object.entries(ownServices(server)).map(([key, { url }]) => [`server.${key}.url`, url] as const);
  return Object.fromEntries([...own, ...(mail === undefined ? [] : [["mail.url", mail.url] as const])]);
}
