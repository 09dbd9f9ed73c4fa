import { join } from "node:path";
import { CodedError } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import { type Clock, systemClock } from "../base/wait.ts";
import { type GivenApp, givenApps } from "../config/app-sources.ts";
import { namesOf } from "../config/framework-presets.ts";
import { composeDsn, parseDsn } from "../glitchtip/dsn.ts";
import { writeAppEnvFiles } from "../outputs/app-env-files.ts";
import { composeEnvFile, renderEnvFile } from "../outputs/env-file.ts";
import { openReferences } from "../references/resolver.ts";
import { interpolatedDsn } from "../stack/given-apps.ts";
import { ENV_FOLDER } from "../stack/managed-files.ts";
import type { Workspace } from "./workspace.ts";

export interface GivenContext {
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly log: Log;
  readonly clock?: Clock;
  readonly signal?: AbortSignal;
}

/** Returns the apps with an external DSN that Compose cannot read itself, because it is in a file or in Vault. */
export const appsWithReferencedDsn = (declaration: Workspace["declaration"]): Readonly<Record<string, GivenApp>> =>
  Object.fromEntries(
    Object.entries(givenApps(declaration)).filter(([, { dsn }]) => interpolatedDsn(dsn) === undefined),
  );

/** Writes the env files of apps with an external DSN, and returns the paths of those that changed. A DSN that cannot be read is a warning: the app then starts without reporting. */
export async function writeGivenDsns(context: GivenContext, workspace: Workspace): Promise<string[]> {
  const { dir, declaration, env: dotEnv } = workspace;
  const apps = Object.entries(appsWithReferencedDsn(declaration));
  if (apps.length === 0) return [];
  const { env = {}, clock = systemClock, signal = new AbortController().signal, log } = context;
  const references = openReferences({ dir, env: { ...dotEnv, ...env }, clock, signal, vault: declaration.vault });
  const read = async (reference: string, key: string): Promise<string> => {
    try {
      return (await references.resolve(reference, key)).reveal().trim();
    } catch (error) {
      if (!(error instanceof CodedError) || error.code === "GC1003") throw error;
      log.warn(`${error.message}: the app runs without reporting`);
      return "";
    }
  };
  try {
    const files = await Promise.all(
      apps.map(async ([name, app]) => {
        const dsn = await dsnOf(`apps.${name}.dsn`, app.dsn, read, log);
        const content = composeEnvFile(renderEnvFile(Object.fromEntries(namesOf(app).map((one) => [one, dsn]))));
        return [name, content] as const;
      }),
    );
    const changed = writeAppEnvFiles(join(dir, ENV_FOLDER), Object.fromEntries(files));
    return changed.map(({ app }) => `${ENV_FOLDER}/${app}.env`);
  } finally {
    await references.close();
  }
}

/** Returns the DSN, or an empty text where there is none or it is invalid: an SDK that gets half a DSN ends the app with an error. */
async function dsnOf(
  key: string,
  dsn: GivenApp["dsn"],
  read: (reference: string, key: string) => Promise<string>,
  log: Log,
): Promise<string> {
  let value: string;
  if (typeof dsn === "string") value = await read(dsn, key);
  else {
    const project = String(dsn.projectId);
    const publicKey = await read(dsn.key, `${key}.key`);
    const projectId = /^\d+$/.test(project) ? project : await read(project, `${key}.projectId`);
    value = publicKey === "" || projectId === "" ? "" : composeDsn(dsn.url, { key: publicKey, projectId });
  }
  if (value === "" || parseDsn(value) !== undefined) return value;
  log.warn(`${key}: its value is no DSN; the app runs without reporting`);
  return "";
}
