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

/** Addresses that are secrets, which our containers read, and what goes with them: by their key in the declaration. */
export function secretAddresses({ server, mail, notify = [] }: Declaration): Readonly<Record<string, string>> {
  const own = Object.entries(ownServices(server)).map(([key, { url }]) => [`server.${key}.url`, url] as const);
  const told = notify.flatMap(({ url, secret }, i) => [
    [`notify.${i}.url`, url] as const,
    ...(secret === undefined ? [] : [[`notify.${i}.secret`, secret] as const]),
  ]);
  return Object.fromEntries([...own, ...(mail === undefined ? [] : [["mail.url", mail.url] as const]), ...told]);
}
