import { defined } from "../base/defined.ts";
import { CodedError } from "../base/errors.ts";
import { readIfThere } from "../base/files.ts";
import { Secret } from "../base/secret.ts";
import { referencedPath } from "../base/user-folders.ts";
import type { Clock } from "../base/wait.ts";
import { parseReference, REFERENCE_FORMS, type SecretReference, type VaultReference } from "./reference.ts";
import type { Vault } from "./vault/index.ts";
import type { VaultDeclaration } from "./vault/settings.ts";

export interface ReferencesContext {
  /** The folder that paths of `file:` are relative to. */
  readonly dir: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Which Vault to ask and how to sign in. What is missing comes from Vault's usual variables. */
  readonly vault?: VaultDeclaration | undefined;
  /** Called with what is being waited for. */
  say?(text: string): void;
}

/** Resolves references to secrets during one run. Each secret of a Vault is asked for once. */
export interface References {
  /** Returns one secret. `key` is where the reference stands in the declaration, for errors. */
  resolve(reference: string, key?: string): Promise<Secret>;
  /** Returns all secrets by their keys. Throws one error with every secret that cannot be read. */
  resolveAll(references: Readonly<Record<string, string>>): Promise<Record<string, Secret>>;
  close(): Promise<void>;
}

/** Opens the resolver. The Vault client is loaded with the first reference that needs it. */
export function openReferences(context: ReferencesContext): References {
  let vault: Promise<Vault> | undefined;
  const fromVault = async (reference: VaultReference) => {
    vault ??= import("./vault/index.ts").then(({ openVault }) =>
      openVault(context, (inner, key) => new Secret(readLocal(context, inner, key))),
    );
    return await (await vault).read(reference);
  };
  const resolve = async (text: string, key?: string) => {
    context.signal.throwIfAborted();
    const reference = parsed(text, key);
    if (reference.kind !== "vault") return new Secret(readLocal(context, reference, key));
    try {
      return await fromVault(reference);
    } catch (error) {
      throw key !== undefined && error instanceof CodedError ? under(key, error) : error;
    }
  };
  return {
    resolve,
    async resolveAll(references) {
      const asked = Object.entries(references);
      const results = await Promise.allSettled(asked.map(([key, text]) => resolve(text, key)));
      const errors = results.flatMap((result) => (result.status === "rejected" ? [result.reason as unknown] : []));
      if (errors.length > 0) throw together(errors);
      const found = results.flatMap((result) => (result.status === "fulfilled" ? [result.value] : []));
      return Object.fromEntries(asked.flatMap(([key], i) => (found[i] === undefined ? [] : [[key, found[i]]])));
    },
    async close() {
      // A Vault that could not be opened has nothing to close.
      await (await vault?.catch(() => undefined))?.close();
    },
  };
}

function parsed(text: string, key = "the reference"): SecretReference {
  const reference = parseReference(text);
  if (reference !== undefined) return reference;
  throw new CodedError("GC1107", `${key} is no reference to a secret`, { remedy: `Write ${REFERENCE_FORMS}.` });
}

/** Returns the text of a file, without the line break that editors add at its end, or of a variable. */
export function readLocal(
  { dir, env }: Pick<ReferencesContext, "dir" | "env">,
  reference: Exclude<SecretReference, VaultReference>,
  key?: string,
): string {
  const at = key === undefined ? "" : `${key}: `;
  if (reference.kind === "env") {
    const value = env[reference.name];
    if (value) return value;
    throw new CodedError("GC1107", `${at}the variable ${reference.name} is ${value === "" ? "empty" : "not set"}`, {
      remedy: `Set ${reference.name}, then run the command again.`,
    });
  }
  const { path } = reference;
  let text: string | undefined;
  try {
    text = readIfThere(referencedPath(dir, path))?.replace(/\r?\n$/, "");
  } catch (cause) {
    const remedy = "Give your user the right to read it.";
    throw new CodedError("GC1107", `${at}${path} is there but cannot be read`, { remedy, cause });
  }
  if (text) return text;
  throw new CodedError("GC1107", `${at}${text === "" ? `${path} is empty` : `there is no file ${path}`}`, {
    remedy: `Write the secret into ${path}, then run the command again.`,
  });
}

const under = (key: string, { code, message, remedy, problems, cause }: CodedError) =>
  new CodedError(code, `${key}: ${message}`, { ...defined({ remedy }), problems, cause });

/** Returns a single error unchanged, or one error with the first code and a line for each. */
function together(errors: readonly unknown[]): unknown {
  const coded = errors.filter((error) => error instanceof CodedError);
  const [first] = coded;
  // An abort or an unexpected error is reported before all others.
  if (first === undefined || coded.length < errors.length || coded.some(({ code }) => code === "GC1003")) {
    return errors.find((error) => !(error instanceof CodedError) || error.code === "GC1003");
  }
  if (coded.length === 1) return first;
  const remedies = [...new Set(coded.map(({ remedy }) => remedy))];
  return new CodedError(first.code, `${coded.length} secrets cannot be read`, {
    problems: coded.map(({ message }) => message),
    ...defined({ remedy: remedies.length === 1 ? remedies[0] : undefined }),
    cause: first,
  });
}
