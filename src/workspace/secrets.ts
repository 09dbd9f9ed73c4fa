import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { defined } from "../base/defined.ts";
import { CodedError } from "../base/errors.ts";
import { readIfThere } from "../base/files.ts";
import { referencedPath } from "../base/user-folders.ts";
import { addressProblem, addressReaderOf } from "../config/addresses.ts";
import { needsProvisioner } from "../config/app-sources.ts";
import type { Declaration } from "../config/schema.ts";
import { MADE_SECRETS, withoutLineEnd } from "../config/secret-volumes.ts";
import { parseStackReference, secretAddresses } from "../config/secrets.ts";
import { serverKind } from "../config/server.ts";
import { SECRETS_FOLDER } from "../stack/managed-files.ts";

/** The files in which an earlier version kept the secrets that it made. */
export const OLD_SECRET_FILES: readonly string[] = Object.values(MADE_SECRETS).map(
  ({ name }) => `${SECRETS_FOLDER}/${name}`,
);

/** Returns those of an earlier version's secrets that are in the workspace: the setup service takes them over. */
export const oldSecretFiles = (dir: string): string[] => OLD_SECRET_FILES.filter((path) => existsSync(join(dir, path)));

type Variables = Readonly<Record<string, string | undefined>>;

/** Throws GC1107 with every reference to a file or a variable that cannot be read. */
export function refuseUnreadableSecrets(dir: string, declaration: Declaration, env: Variables): void {
  const problems = stackReferences(declaration).flatMap((one) => referenceProblem(dir, one, env) ?? []);
  if (problems.length > 0) throw allTogether(problems);
}

/** Returns why the secret at a key of the declaration cannot be used, or undefined. */
export const stackSecretProblem = (
  { dir, declaration, env }: { readonly dir: string; readonly declaration: Declaration; readonly env: Variables },
  key: string,
): CodedError | undefined => {
  const found = stackReferences(declaration).find((one) => one.key === key);
  return found && referenceProblem(dir, found, env);
};

/** A secret that the declaration refers to and a container reads. */
interface StackReference {
  readonly key: string;
  readonly reference: string;
  /** What happens without the key; the end of a sentence. */
  readonly otherwise: string;
}

function stackReferences(declaration: Declaration): StackReference[] {
  if (serverKind(declaration) !== "bundled") {
    const otherwise = "and state another way to sign in";
    return Object.entries(signInReferences(declaration)).map(([key, reference]) => ({ key, reference, otherwise }));
  }
  const password = declaration.admin?.password;
  return [
    ...(password === undefined
      ? []
      : [{ key: "admin.password", reference: password, otherwise: "and one is created" }]),
    ...Object.entries(secretAddresses(declaration)).map(([key, reference]) => ({
      key,
      reference,
      otherwise: /^(mail|notify)/.test(key) ? "until there is one" : "and ours is used",
    })),
  ];
}

function readSecret(dir: string, path: string): string | undefined {
  const remedy = "Give your user the right to read it, or restore it from a backup.";
  let text: string | undefined;
  try {
    text = readIfThere(referencedPath(dir, path));
  } catch (cause) {
    throw new CodedError("GC1107", `${path} is there but cannot be read`, { remedy, cause });
  }
  if (text?.trim() === "") throw new CodedError("GC1107", `${path} is empty`, { remedy });
  return text;
}

/** Returns the references that the provisioner signs in to an existing server with, by their key. */
function signInReferences(declaration: Declaration): Readonly<Record<string, string>> {
  if (!needsProvisioner(declaration)) return {};
  const { server, admin } = declaration;
  return defined({
    "server.token": server.token,
    "server.ca": server.ca,
    "admin.password": server.token === undefined ? admin?.password : undefined,
  });
}

/** Returns a single error unchanged, or one error with a line and the fix for each. */
function allTogether(errors: readonly CodedError[]): CodedError {
  const [first, second] = errors;
  if (first !== undefined && second === undefined) return first;
  return new CodedError("GC1107", `${errors.length} secrets cannot be used`, {
    problems: errors.map(({ message, remedy = "" }) => `${message}. ${remedy}`),
    cause: first,
  });
}

/** Returns why a secret cannot be read, or its reader could not use it; undefined for a good one. */
function referenceProblem(
  dir: string,
  { key, reference, otherwise }: StackReference,
  env: Variables,
): CodedError | undefined {
  const found = parseStackReference(reference);
  // No container reads this one: `up` does, and hands it over.
  if (found.kind === "vault") return undefined;
  let value: string | undefined;
  try {
    value = found.kind === "file" ? readSecret(dir, found.path) : env[found.name];
  } catch (error) {
    if (error instanceof CodedError) return error;
    throw error;
  }
  if (!value && found.kind === "file") {
    return new CodedError("GC1107", `${key}: there is no file ${found.path}`, {
      remedy: `Write the secret into that file, or remove ${key} ${otherwise}.`,
    });
  }
  if (!value && found.kind === "env") {
    return new CodedError("GC1107", `${key}: the variable ${found.name} is not set`, {
      remedy: `Set ${found.name}, here and for docker compose, or remove ${key} ${otherwise}.`,
    });
  }
  return secretAddressProblem(key, reference, value ?? "");
}

/**
 * Returns the error for an address that its reader could not parse, or undefined. The setup service drops the line end
 * at the end of a file; GlitchTip would use every other one (docs/glitchtip-facts.md, "The image").
 */
export function secretAddressProblem(key: string, reference: string, value: string): CodedError | undefined {
  const reader = addressReaderOf(key);
  const found = reader && addressProblem(reader, withoutLineEnd(value));
  return found && new CodedError("GC1107", `${key}: ${reference} ${found.what}`, { remedy: found.remedy });
}

/** Returns the path of a secret's file that users other than its owner cannot read: Compose mounts it with its own mode. */
export function ownerOnlySecretFile(dir: string, reference: string): string | undefined {
  const found = parseStackReference(reference);
  if (found.kind !== "file") return undefined;
  return (statSync(referencedPath(dir, found.path)).mode & 0o004) === 0 ? found.path : undefined;
}
