import { statSync } from "node:fs";
import type { RecordedProcess } from "../../support/fake-engine.ts";

/** Returns the secrets that the file at this path may hold. */
export function allowedIn(path: string): string[] {
  // The workspace's own folder is in build contexts and bind mounts; only env files have DSNs there.
  if (/\/\.glitchtip\/(?!env\/)/.test(path)) return [];
  const [, secret] = /-secrets\/glitchtip_(\w+)\/value$/.exec(path) ?? [];
  if (secret !== undefined) return [secret];
  const [, given] = /\/given\/(\w+)$/.exec(path) ?? [];
  if (given !== undefined) return [given];
  const [, part] = /\.local\/state\/glitchtip-compose\/[\w.-]+\/(\w+)\/[\w.-]+$/.exec(path) ?? [];
  if (part === "secrets") return ["db_password"];
  if (part !== undefined || /state\/state\.json$/.test(path)) return ["token", "dsn_key"];
  if (/dsn\/apps\/(\w+)\/\1\.env$|\.glitchtip\/env\/\w+\.env$/.test(path)) return ["dsn_key"];
  if (/\/compose\.yaml$/.test(path)) return ["database_url"];
  if (/\/\.env$/.test(path)) return ["env_file"];
  if (/in-the-declaration\/glitchtip\.yaml$/.test(path)) return ["admin_password", "digits"];
  return [];
}

/** Returns the secrets that a process may have in its environment: an app its DSN, and what the user passes as `env:NAME`. */
export function environmentMayHold({ argv, env }: RecordedProcess): string[] {
  if (argv.some((word) => word.endsWith("app/server.mjs"))) return ["demo"];
  // `verify` runs this behind the app's own wrapper.
  if (argv.includes("-s") && argv.includes("SENTRY_DSN")) return ["dsn_key"];
  return [
    ...(env.ADMIN_PASSWORD === undefined ? [] : ["admin_password"]),
    ...(env.SECRET === undefined ? [] : ["vault_secret_id"]),
  ];
}

export const mode = (path: string) => (statSync(path).mode & 0o777).toString(8);
