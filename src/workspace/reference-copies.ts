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
import { writeAppEnvFiles } from "../outputs/app-env-files.ts";
import { composeEnvFile, renderEnvFile } from "../outputs/env-file.ts";
import { openReferences } from "../references/resolver.ts";
import { interpolatedDsn } from "../stack/given-apps.ts";
import { ENV_FOLDER, SECRETS_FOLDER } from "../stack/managed-files.ts";
import { secretAddressProblem } from "./secrets.ts";
import type { Workspace } from "./workspace.ts";

/** A secret in Vault that a container reads from a copy on this host. */
export interface VaultCopy {
  /** Its key in the declaration. */
  readonly key: string;
  readonly reference: string;
  readonly path: string;
  /** Undefined where Vault could not be reached and an older copy is there. */
  readonly state: "new" | "changed" | "same" | undefined;
  readonly value?: Secret;
  readonly problem?: CodedError;
}

export interface VaultCopyContext {
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly clock?: Clock;
  readonly signal?: AbortSignal;
  /** Receives what is waited for. */
  readonly log?: Log;
}

/** Reads each secret from Vault and compares it with its copy. Throws where Vault cannot be reached and there is no copy. */
export async function compareVaultCopies(
  { env = {}, clock = systemClock, signal = new AbortController().signal, log = silentLog }: VaultCopyContext,
  { dir, declaration, env: dotEnv }: Pick<Workspace, "dir" | "declaration" | "env">,
): Promise<VaultCopy[]> {
  const wanted = fromVault(declaration);
  if (wanted.length === 0) return [];
  const { vault } = declaration;
  const references = openReferences({
    dir,
    env: { ...dotEnv, ...env },
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
          refuseUnusable(key, reference, value);
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

/** Writes the copies that have changed: 0444 in a closed folder, as the secrets that we make. */
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

/** Yields a warning for each copy that may be old, or was until now. */
export function* vaultCopyWarnings(copies: readonly VaultCopy[]): Generator<string> {
  for (const { key, path, state, problem } of copies) {
    if (problem !== undefined) yield `${key}: the copy in ${path} may be old: ${problem.message}`;
    if (state === "changed") {
      yield `${key} has changed in Vault; containers that run keep the old one until: docker compose up -d --force-recreate`;
    }
  }
}

/** Keys whose secrets Compose hands to containers. The DSNs of `apps` go into env files instead. */
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

/** A container uses the content of such a file with its last newline: docs/glitchtip-facts.md, "The image". */
function refuseUnusable(key: string, reference: string, value: Secret): void {
  const address = secretAddressProblem(key, `what ${reference} holds`, value.reveal());
  if (address !== undefined) throw address;
  if (!/[\r\n\0]/.test(value.reveal())) return;
  throw new CodedError("GC1107", `${key}: what ${reference} holds has a newline in it`, {
    remedy: "Store it without.",
  });
}

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
  log.warn(`${key}: what stands there is no DSN; the app runs without reporting`);
  return "";
}
