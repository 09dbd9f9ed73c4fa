import { statSync } from "node:fs";
import { join } from "node:path";
import { hasErrno } from "../base/errors.ts";
import { readIfThere } from "../base/files.ts";
import { type SecretUse, weakness } from "../config/secrets.ts";
import { SECRETS_FOLDER } from "../stack/render.ts";
import { FILES, readProgress, type SecretFile } from "./progress.ts";

export interface ListedSecret {
  readonly file: string;
  readonly state: "good" | "weak" | "not there" | "being changed";
  readonly changedAt?: string;
  /** What is wrong with it, without a word of it. */
  readonly problems: readonly string[];
}

const USES: Readonly<Record<SecretFile, SecretUse>> = {
  db_password: "database password",
  secret_key: "secret key",
  admin_password: "admin password",
};

/** The secrets that we made, how they are kept and how strong they are. */
export function listSecrets(dir: string): ListedSecret[] {
  const changing = readProgress(dir)?.file;
  const open = modeOf(join(dir, SECRETS_FOLDER));
  const ofFolder = open !== undefined && (open & 0o077) !== 0 ? ["its folder is open to others: chmod 700"] : [];
  return FILES.map((name) => {
    const file = `${SECRETS_FOLDER}/${name}`;
    const value = readIfThere(join(dir, file));
    if (value === undefined) return { file, state: "not there", problems: [] };
    const weak = weakness(USES[name], value.trim());
    const problems = [
      ...(weak === undefined ? [] : [weak]),
      ...(/\s$/.test(value) ? ["ends with a newline, which GlitchTip takes for a part of it"] : []),
      ...((modeOf(join(dir, file)) ?? 0o444) & 0o004 ? [] : ["cannot be read by GlitchTip's user: chmod 444"]),
      ...ofFolder,
    ];
    const state = changing === name ? "being changed" : problems.length > 0 ? "weak" : "good";
    return { file, state, changedAt: statSync(join(dir, file)).mtime.toISOString(), problems };
  });
}

function modeOf(path: string): number | undefined {
  try {
    return statSync(path).mode & 0o777;
  } catch (error) {
    if (hasErrno(error, "ENOENT")) return undefined;
    throw error;
  }
}
