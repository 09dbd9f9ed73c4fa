import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { defined } from "../base/defined.ts";
import { CodedError, hasErrno } from "../base/errors.ts";
import { type Log, silentLog } from "../base/log.ts";
import type { Secret } from "../base/secret.ts";
import { type Clock, systemClock } from "../base/wait.ts";
import type { Declaration } from "../config/schema.ts";
import { handedSecrets } from "../config/secret-volumes.ts";
import { handedMark } from "../config/secrets.ts";
import type { Docker } from "../docker/index.ts";
import { openReferences } from "../references/resolver.ts";
import { observeStack, openStackSecrets } from "../running/index.ts";
import { SECRETS_FOLDER } from "../stack/managed-files.ts";
import { SETUP } from "../stack/service-names.ts";
import { secretAddressProblem } from "./secrets.ts";
import type { Workspace } from "./workspace.ts";

/** A secret in Vault that a container reads from its volume. */
export interface VaultSecret {
  /** Its key in the declaration. */
  readonly key: string;
  readonly reference: string;
  readonly mark: string;
  /** Undefined where it could not be read; `problem` says why. */
  readonly value?: Secret;
  readonly problem?: CodedError;
}

export interface VaultSecretsContext {
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly clock?: Clock;
  readonly signal?: AbortSignal;
  /** Receives what is waited for. */
  readonly log?: Log;
}

/** Reads each secret that containers need from Vault. Nothing is asked where the declaration refers to none. */
export async function readVaultSecrets(
  { env = {}, clock = systemClock, signal = new AbortController().signal, log = silentLog }: VaultSecretsContext,
  { dir, declaration, env: dotEnv }: Pick<Workspace, "dir" | "declaration" | "env">,
): Promise<VaultSecret[]> {
  const wanted = fromVault(declaration);
  if (wanted.length === 0) return [];
  const { vault } = declaration;
  const say = (text: string) => log.step(text);
  const references = openReferences({ dir, env: { ...dotEnv, ...env }, clock, signal, vault, say });
  try {
    return await Promise.all(
      wanted.map(async (one): Promise<VaultSecret> => {
        try {
          const value = await references.resolve(one.reference, one.key);
          refuseUnusable(one.key, one.reference, value);
          return { ...one, value };
        } catch (error) {
          if (!(error instanceof CodedError) || error.code === "GC1003") throw error;
          return { ...one, problem: error };
        }
      }),
    );
  } finally {
    await references.close();
  }
}

/**
 * Throws the first problem that no waiting ends. Where Vault only does not answer, the stack of an existing workspace may
 * have the secrets already: returns a warning for each.
 */
export function vaultSecretWarnings(secrets: readonly VaultSecret[], isNew: boolean): string[] {
  const problems = secrets.flatMap(({ problem }) => problem ?? []);
  const final = problems.find(({ code }) => isNew || code !== UNREACHABLE);
  if (final !== undefined) throw final;
  return problems.map(({ message }) => `${message}; npx glitchtip-compose up reads it again`);
}

/** The code of a Vault that gives no secret at all now. */
const UNREACHABLE = "GC1701";

/** A secret of Vault compared with the one in the stack's volume. */
export interface ComparedSecret extends VaultSecret {
  /** The secret in the stack, such as glitchtip_email_url. */
  readonly name: string;
  /** `new`: the stack has none for this reference. Undefined where Vault did not give it and the stack has one. */
  readonly state: "new" | "changed" | "same" | undefined;
}

/** Compares the secrets of Vault with those in the stack's volumes. Those that no container of the stack reads are left out. */
export async function compareVaultSecrets(docker: Docker, secrets: readonly VaultSecret[]): Promise<ComparedSecret[]> {
  if (secrets.length === 0) return [];
  const { config } = await observeStack(docker);
  const stored = openStackSecrets(docker);
  const read = async (name: string, file: "value" | "mark") => (await stored.read(name, file))?.value.reveal();
  const compared = [...handedSecrets(config.services[SETUP]?.environment)].map(async ([name, mark]) => {
    const secret = secrets.find((one) => one.mark === mark);
    if (secret === undefined) return [];
    const [value, markThere] = [await read(name, "value"), await read(name, "mark")];
    const isThere = value !== undefined && markThere === mark;
    return [{ ...secret, name, ...defined({ state: stateOf(isThere, value, secret.value) }) } as ComparedSecret];
  });
  return (await Promise.all(compared)).flat();
}

function stateOf(isThere: boolean, before: string | undefined, now: Secret | undefined): ComparedSecret["state"] {
  if (!isThere) return "new";
  if (now === undefined) return undefined;
  return before === now.reveal() ? "same" : "changed";
}

/**
 * Hands the secrets of Vault to the stack: they go into its volumes by the setup service, and into no file of the
 * workspace. Returns warnings. Throws where the stack has no value for one that Vault does not give.
 */
export async function handOverVaultSecrets(docker: Docker, secrets: readonly VaultSecret[]): Promise<string[]> {
  const compared = await compareVaultSecrets(docker, secrets);
  const hopeless = compared.find(({ state, problem }) => state === "new" && problem !== undefined);
  if (hopeless?.problem !== undefined) throw hopeless.problem;
  const values = compared.flatMap(({ name, state, value }) =>
    value === undefined || state === "same" ? [] : [[name, value] as const],
  );
  if (values.length > 0) await openStackSecrets(docker).write(Object.fromEntries(values), "value");
  return compared.flatMap(({ key, state, problem }) => {
    if (problem !== undefined) return [`${key}: the stack's copy may be old: ${problem.message}`];
    if (state !== "changed") return [];
    const how = "docker compose up -d --force-recreate";
    return [`${key} has changed in Vault; running containers keep the old value until: ${how}`];
  });
}

/** Removes the copies that an earlier version left in the workspace, once the stack has the secrets in its volumes. */
export function removeOldVaultCopies(dir: string): void {
  const folder = join(dir, SECRETS_FOLDER);
  for (const name of namesIn(folder)) {
    if (/^vault_\w+_[0-9a-f]{8}$/.test(name)) rmSync(join(folder, name), { force: true });
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if (hasErrno(error, "ENOENT", "ENOTDIR")) return [];
    throw error;
  }
}

/** Keys whose secrets containers of the stack read. The DSNs of `apps` go into env files instead. */
const OF_THE_STACK = ["admin", "server", "mail", "backup", "notify", "production"] as const;

function fromVault(declaration: Declaration): Pick<VaultSecret, "key" | "reference" | "mark">[] {
  return OF_THE_STACK.flatMap((key) => [...textsIn(declaration[key], key)]).flatMap(([key, reference]) => {
    const mark = handedMark(reference);
    return mark === undefined || key.startsWith("server.jiraBridge.") ? [] : [{ key, reference, mark }];
  });
}

function* textsIn(value: unknown, key: string): Generator<[string, string]> {
  if (typeof value === "string") yield [key, value];
  else if (typeof value === "object" && value !== null) {
    for (const [name, inner] of Object.entries(value)) yield* textsIn(inner, `${key}.${name}`);
  }
}

/** GlitchTip uses the content of such a file with its last newline: docs/glitchtip-facts.md, "The image". */
function refuseUnusable(key: string, reference: string, value: Secret): void {
  const address = secretAddressProblem(key, `what ${reference} holds`, value.reveal());
  if (address !== undefined) throw address;
  if (!/[\r\n\0]/.test(value.reveal())) return;
  throw new CodedError("GC1107", `${key}: the value at ${reference} has a newline in it`, {
    remedy: "Store it without the newline.",
  });
}
