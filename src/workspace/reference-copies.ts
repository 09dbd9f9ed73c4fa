import { chmodSync, mkdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { CodedError } from "../base/errors.ts";
import { readIfThere, writeAll } from "../base/files.ts";
import { type Log, silentLog } from "../base/log.ts";
import type { Secret } from "../base/secret.ts";
import { type Clock, systemClock } from "../base/wait.ts";
import { type GivenApp, givenApps } from "../config/app-sources.ts";
import { namesOf } from "../config/framework-presets.ts";
import type { Declaration } from "../config/schema.ts";
import { vaultCopyOf } from "../config/secrets.ts";
import { composeDsn, parseDsn } from "../glitchtip/dsn.ts";
import { composeEnvFile, renderEnvFile } from "../outputs/env-file.ts";
import { openReferences } from "../references/resolver.ts";
import { ENV_FOLDER } from "../stack/apps.ts";
import { interpolated } from "../stack/given-apps.ts";
import { SECRETS_FOLDER } from "../stack/render.ts";
import type { Workspace } from "./workspace.ts";

/** A secret that containers need and Vault has: its copy on this host. */
export interface VaultCopy {
  /** In the declaration. */
  readonly key: string;
  readonly reference: string;
  readonly path: string;
  /** Undefined: Vault could not be asked, and an older copy is there. */
  readonly state: "new" | "changed" | "same" | undefined;
  readonly value?: Secret;
  readonly problem?: CodedError;
}

export interface VaultCopyContext {
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly clock?: Clock;
  readonly signal?: AbortSignal;
  /** Told what is waited for. */
  readonly log?: Log;
}

/** Asks Vault for each, and compares. Throws where it cannot be asked and there is no copy to go on with. */
export async function compareVaultCopies(
  { env = {}, clock = systemClock, signal = new AbortController().signal, log = silentLog }: VaultCopyContext,
  { dir, declaration, env: projectEnv }: Pick<Workspace, "dir" | "declaration" | "env">,
): Promise<VaultCopy[]> {
  const wanted = fromVault(declaration);
  if (wanted.length === 0) return [];
  const { vault } = declaration;
  const references = openReferences({
    dir,
    env: { ...projectEnv, ...env },
    clock,
    signal,
    vault,
    say: (text) => log.step(text),
  });
  try {
    return await Promise.all(
      wanted.map(async ({ key, reference, path }): Promise<VaultCopy> => {
        const before = readIfThere(resolve(dir, path));
        try {
          const value = await references.resolve(reference, key);
          refuseBlanks(key, reference, value);
          const state = before === undefined ? "new" : before === value.reveal() ? "same" : "changed";
          return { key, reference, path, state, value };
        } catch (error) {
          if (before === undefined || !(error instanceof CodedError) || error.code === "GC1003") throw error;
          return { key, reference, path, state: undefined, problem: error };
        }
      }),
    );
  } finally {
    await references.close();
  }
}

/** 0444 in a closed folder, as the secrets that we make; one that has not changed is not written. */
export function writeVaultCopies(dir: string, copies: readonly VaultCopy[]): void {
  const files = copies.flatMap(({ path, state, value }) =>
    value === undefined || state === "same" ? [] : [{ path: join(dir, path), content: value.reveal(), mode: 0o444 }],
  );
  if (files.length === 0) return;
  const folder = join(dir, SECRETS_FOLDER);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  chmodSync(folder, 0o700);
  writeAll(files);
}

/** What to tell of copies that are not as they should be, or were not until now. */
export function* vaultCopyWarnings(copies: readonly VaultCopy[]): Generator<string> {
  for (const { key, path, state, problem } of copies) {
    if (problem !== undefined) yield `${key}: the copy in ${path} may be old: ${problem.message}`;
    if (state === "changed") {
      yield `${key} has changed in Vault; containers that run keep the old one until: docker compose up -d --force-recreate`;
    }
  }
}

/** Where Compose hands secrets to containers. The DSNs of `apps` are not among them: they go into env files. */
const OF_THE_STACK = ["admin", "server", "mail", "backup", "notify", "production"] as const;

function fromVault(declaration: Declaration): Pick<VaultCopy, "key" | "reference" | "path">[] {
  return OF_THE_STACK.flatMap((key) => [...textsIn(declaration[key], key)]).flatMap(([key, reference]) => {
    const path = vaultCopyOf(reference);
    return path === undefined || key.startsWith("server.jiraBridge.") ? [] : [{ key, reference, path }];
  });
}

function* textsIn(value: unknown, key: string): Generator<[string, string]> {
  if (typeof value === "string") yield [key, value];
  else if (typeof value === "object" && value !== null) {
    for (const [name, inner] of Object.entries(value)) yield* textsIn(inner, `${key}.${name}`);
  }
}

/** A container takes such a file as it is, its last newline included (docs/glitchtip-facts.md, "The image"). */
function refuseBlanks(key: string, reference: string, value: Secret): void {
  if (!(key.endsWith(".url") ? /\s/ : /[\r\n\0]/).test(value.reveal())) return;
  throw new CodedError("GC1107", `${key}: what ${reference} holds has a blank or a newline in it`, {
    remedy: "Store it without; a blank in an address is %20.",
  });
}

export interface GivenContext {
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly log: Log;
  readonly clock?: Clock;
  readonly signal?: AbortSignal;
}

/** Apps whose DSN stands where Compose cannot fetch it: in a file, or in Vault. */
export const appsWithReferencedDsn = (declaration: Workspace["declaration"]): Readonly<Record<string, GivenApp>> =>
  Object.fromEntries(Object.entries(givenApps(declaration)).filter(([, { dsn }]) => interpolated(dsn) === undefined));

/** Writes their env files; paths of those that have changed. What cannot be read is told, and the app runs without. */
export async function writeGivenDsns(context: GivenContext, project: Workspace): Promise<string[]> {
  const { dir, declaration, env: projectEnv } = project;
  const apps = Object.entries(appsWithReferencedDsn(declaration));
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
