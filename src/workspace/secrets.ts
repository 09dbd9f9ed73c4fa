import type { randomBytes } from "node:crypto";
import { chmodSync, mkdirSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { defined } from "../base/defined.ts";
import { CodedError } from "../base/errors.ts";
import { readIfThere, writeAll } from "../base/files.ts";
import { addressProblem, addressReaderOf } from "../config/addresses.ts";
import { needsProvisioner } from "../config/app-sources.ts";
import type { Declaration } from "../config/schema.ts";
import { parsePasswordRef, secretAddresses, vaultCopyOf } from "../config/secrets.ts";
import { ownServices, serverKind } from "../config/server.ts";
import { SECRETS_FOLDER } from "../stack/managed-files.ts";

const NAMES = ["admin_password", "db_password", "secret_key"] as const;
const BYTES: Readonly<Record<(typeof NAMES)[number], number>> = { admin_password: 18, db_password: 24, secret_key: 48 };

export const SECRET_FILES: readonly string[] = NAMES.map((name) => `${SECRETS_FOLDER}/${name}`);

type Variables = Readonly<Record<string, string | undefined>>;

/**
 * Returns the secrets that are not there yet, copies from Vault among them, relative to the folder. Throws GC1107 for one
 * that is there and cannot be read: a new one in its place would lock everyone out of the database that it was made for.
 */
export function missingSecrets(dir: string, declaration: Declaration, env: Variables): string[] {
  const references = stackReferences(declaration);
  const copies = new Set(references.flatMap(({ reference }) => vaultCopyOf(reference) ?? []));
  const absent = [...copies].filter((path) => readSecret(dir, path) === undefined);
  const problems = references
    .filter(({ reference }) => !absent.includes(vaultCopyOf(reference) ?? ""))
    .flatMap((one) => referenceProblem(dir, one, env) ?? []);
  if (problems.length > 0) throw allTogether(problems);
  if (serverKind(declaration) !== "bundled") return absent;
  const { admin, server } = declaration;
  const given: Readonly<Record<string, unknown>> = {
    admin_password: admin?.password,
    db_password: ownServices(server).database,
  };
  const made = NAMES.filter((name) => given[name] === undefined)
    .map((name) => `${SECRETS_FOLDER}/${name}`)
    .filter((path) => readSecret(dir, path) === undefined);
  return [...made, ...absent];
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
    ...(password === undefined ? [] : [{ key: "admin.password", reference: password, otherwise: "and one is made" }]),
    ...Object.entries(secretAddresses(declaration)).map(([key, reference]) => ({
      key,
      reference,
      otherwise: /^(mail|notify)/.test(key) ? "until there is one" : "and ours is used",
    })),
  ];
}

/** Makes these secrets: base64url, because other characters break GlitchTip's own broker address. No newline at the end. */
export function makeSecrets(dir: string, paths: readonly string[], random: typeof randomBytes): void {
  if (paths.length === 0) return;
  const folder = join(dir, SECRETS_FOLDER);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  chmodSync(folder, 0o700);
  const made = NAMES.filter((name) => paths.includes(`${SECRETS_FOLDER}/${name}`));
  // 0444 in a closed folder: Compose mounts the file as it is, and GlitchTip's user has to read it.
  writeAll(
    made.map((name) => ({ path: join(folder, name), content: random(BYTES[name]).toString("base64url"), mode: 0o444 })),
  );
}

function readSecret(dir: string, path: string): string | undefined {
  const remedy = "Give your user the right to read it, or restore it from a backup.";
  let text: string | undefined;
  try {
    text = readIfThere(resolve(dir, path));
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
  const found = parsePasswordRef(reference);
  let value: string | undefined;
  try {
    value = found.kind === "file" ? readSecret(dir, found.path) : env[found.name];
  } catch (error) {
    if (error instanceof CodedError) return error;
    throw error;
  }
  if (!value && found.kind === "file") {
    return new CodedError("GC1107", `${key}: there is no file ${found.path}`, {
      remedy: `Write it into that file, or take ${key} away ${otherwise}.`,
    });
  }
  if (!value && found.kind === "env") {
    return new CodedError("GC1107", `${key}: the variable ${found.name} is not set`, {
      remedy: `Set ${found.name}, here and for docker compose, or take ${key} away ${otherwise}.`,
    });
  }
  return secretAddressProblem(key, reference, value ?? "");
}

/**
 * Returns the error for an address that its reader could not parse, or undefined. A container uses the content of a file
 * with its last newline (docs/glitchtip-facts.md, "The image").
 */
export function secretAddressProblem(key: string, reference: string, value: string): CodedError | undefined {
  const reader = addressReaderOf(key);
  // The care service drops the newline at the end of a channel's address.
  const found = reader && addressProblem(reader, reader === "notify" ? value.trimEnd() : value);
  return found && new CodedError("GC1107", `${key}: ${reference} ${found.what}`, { remedy: found.remedy });
}

/** Returns the path of a secret's file that users other than its owner cannot read: Compose mounts it with its own mode. */
export function ownerOnlySecretFile(dir: string, reference: string): string | undefined {
  const found = parsePasswordRef(reference);
  if (vaultCopyOf(reference) !== undefined) return undefined;
  return found.kind === "file" && (statSync(resolve(dir, found.path)).mode & 0o004) === 0 ? found.path : undefined;
}
