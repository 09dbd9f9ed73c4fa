import type { randomBytes } from "node:crypto";
import { chmodSync, mkdirSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { CodedError } from "../base/errors.ts";
import { readIfThere, writeAll } from "../base/files.ts";
import { needsProvisioner } from "../config/app-sources.ts";
import type { Declaration } from "../config/schema.ts";
import { parsePasswordRef, secretAddresses, vaultCopyOf } from "../config/secrets.ts";
import { ownServices, serverKind } from "../config/server.ts";
import { SECRETS_FOLDER } from "../stack/render.ts";

const NAMES = ["admin_password", "db_password", "secret_key"] as const;
const BYTES: Readonly<Record<(typeof NAMES)[number], number>> = { admin_password: 18, db_password: 24, secret_key: 48 };

export const SECRET_FILES: readonly string[] = NAMES.map((name) => `${SECRETS_FOLDER}/${name}`);

/**
 * The secrets that are not there yet, copies from Vault among them, relative to the project. One that is there but cannot be read is an error:
 * another in its place would lock everyone out of the database that it was made for.
 */
export function missingSecrets(
  dir: string,
  declaration: Declaration,
  env: Readonly<Record<string, string | undefined>>,
): string[] {
  const { admin, server } = declaration;
  const bundled = serverKind(declaration) === "bundled";
  const signIn = bundled ? {} : signInReferences(declaration);
  const own = bundled ? ownServices(server) : {};
  const addresses = bundled ? secretAddresses(declaration) : {};
  const copies = [bundled ? admin?.password : undefined, ...Object.values(addresses), ...Object.values(signIn)].flatMap(
    (reference) => (reference && vaultCopyOf(reference)) ?? [],
  );
  const absent = [...new Set(copies)].filter((path) => readSecret(dir, path) === undefined);
  const isAbsent = (reference: string) => absent.includes(vaultCopyOf(reference) ?? "");
  for (const [key, reference] of Object.entries(signIn)) {
    if (!isAbsent(reference)) checkReference(dir, key, reference, env, "and state another way to sign in");
  }
  if (!bundled) return absent;
  if (admin?.password !== undefined && !isAbsent(admin.password)) {
    checkReference(dir, "admin.password", admin.password, env, "and one is made");
  }
  for (const [key, url] of Object.entries(addresses)) {
    if (isAbsent(url)) continue;
    const found = checkReference(
      dir,
      key,
      url,
      env,
      /^(mail|notify)/.test(key) ? "until there is one" : "and ours is used",
    );
    // GlitchTip takes such a file as it is, its last newline included (docs/glitchtip-facts.md, "The image").
    if (/\s/.test(found) && !key.startsWith("notify"))
      throw new CodedError("GC1107", `${key}: ${url} holds a blank or a newline`, {
        remedy: "Write the address alone, without a newline at its end; a blank in it is %20.",
      });
  }
  const given: Readonly<Record<string, unknown>> = { admin_password: admin?.password, db_password: own.database };
  const made = NAMES.filter((name) => given[name] === undefined)
    .map((name) => `${SECRETS_FOLDER}/${name}`)
    .filter((path) => readSecret(dir, path) === undefined);
  return [...made, ...absent];
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

/** By key: what a server that is there already is signed in to with. */
export function signInReferences(declaration: Declaration): Readonly<Record<string, string>> {
  const { server, admin } = declaration;
  if (!needsProvisioner(declaration)) return {};
  return Object.fromEntries(
    Object.entries({
      "server.token": server.token,
      "server.ca": server.ca,
      "admin.password": server.token === undefined ? admin?.password : undefined,
    }).flatMap(([key, reference]) => (reference === undefined ? [] : [[key, reference]])),
  );
}

/** The secret that a reference leads to. */
function checkReference(
  dir: string,
  key: string,
  reference: string,
  env: Readonly<Record<string, string | undefined>>,
  otherwise: string,
): string {
  const found = parsePasswordRef(reference);
  const value = found.kind === "file" ? readSecret(dir, found.path) : env[found.name];
  if (value) return value;
  if (found.kind === "file") {
    throw new CodedError("GC1107", `${key}: there is no file ${found.path}`, {
      remedy: `Write it into that file, or take ${key} away ${otherwise}.`,
    });
  }
  throw new CodedError("GC1107", `${key}: the variable ${found.name} is not set`, {
    remedy: `Set ${found.name}, here and for docker compose, or take ${key} away ${otherwise}.`,
  });
}

/** The path of a password file that other users cannot read: Compose mounts it with its own mode. */
export function ownerOnlySecretFile(dir: string, reference: string): string | undefined {
  const found = parsePasswordRef(reference);
  if (vaultCopyOf(reference) !== undefined) return undefined;
  return found.kind === "file" && (statSync(resolve(dir, found.path)).mode & 0o004) === 0 ? found.path : undefined;
}
