import { chmodSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { CodedError } from "../base/errors.ts";
import { readIfThere, writeAll } from "../base/files.ts";
import type { Log } from "../base/log.ts";
import { type Clock, systemClock } from "../base/wait.ts";
import { namesOf } from "../config/app-variables.ts";
import { type GivenApp, givenApps } from "../config/given-dsn.ts";
import { composeDsn, parseDsn } from "../glitchtip/dsn.ts";
import { composeEnvFile, renderEnvFile } from "../outputs/env-file.ts";
import { openReferences } from "../references/resolver.ts";
import { ENV_FOLDER } from "../stack/apps.ts";
import { interpolated } from "../stack/given-apps.ts";
import type { Workspace } from "./workspace.ts";

export interface GivenContext {
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly log: Log;
  readonly clock?: Clock;
  readonly signal?: AbortSignal;
}

/** Apps whose DSN stands where Compose cannot fetch it: in a file, or in Vault. */
export const givenByFile = (declaration: Workspace["declaration"]): Readonly<Record<string, GivenApp>> =>
  Object.fromEntries(Object.entries(givenApps(declaration)).filter(([, { dsn }]) => interpolated(dsn) === undefined));

/** Writes their env files; paths of those that have changed. What cannot be read is told, and the app runs without. */
export async function writeGivenDsns(context: GivenContext, project: Workspace): Promise<string[]> {
  const { dir, declaration, env: projectEnv } = project;
  const apps = Object.entries(givenByFile(declaration));
  if (apps.length === 0) return [];
  const { env = {}, clock = systemClock, signal = new AbortController().signal, log } = context;
  const references = openReferences({ dir, env: { ...projectEnv, ...env }, clock, signal, vault: declaration.vault });
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
        return { shown: `${ENV_FOLDER}/${name}.env`, content, mode: 0o600 };
      }),
    );
    const changed = files
      .map((file) => ({ ...file, path: join(dir, file.shown) }))
      .filter(({ path, content }) => readIfThere(path) !== content);
    if (changed.length > 0) {
      mkdirSync(join(dir, ENV_FOLDER), { recursive: true, mode: 0o700 });
      chmodSync(join(dir, ENV_FOLDER), 0o700);
      writeAll(changed);
    }
    return changed.map(({ shown }) => shown);
  } finally {
    await references.close();
  }
}

/** Empty where it is not there or is none: an SDK that gets half a DSN takes the app down with it. */
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
  log.warn(`${key}: what stands there is no DSN; the app runs without reporting`);
  return "";
}
