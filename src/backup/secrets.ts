import { Decrypter, Encrypter } from "age-encryption";
import * as z from "zod/mini";
import { CodedError } from "../base/errors.ts";
import type { Secret } from "../base/secret.ts";
import { safePath } from "./manifest.ts";

/** Who may read the secrets in a backup: whoever knows the passphrase, or holds one of these age keys. */
export type Lock = { readonly passphrase: Secret } | { readonly recipients: readonly string[] };
export type Key = { readonly passphrase: Secret } | { readonly identities: readonly Secret[] };

export interface ProjectFile {
  /** Relative to the project's folder, with forward slashes. */
  readonly path: string;
  readonly content: string;
  readonly mode: number;
}

/** How a backup's secrets are closed, as what makes backups needs to know it. */
export interface Seal {
  readonly by: "passphrase" | "recipients";
  close(files: readonly ProjectFile[]): Promise<Uint8Array>;
}

const shape = z.array(z.object({ path: safePath, content: z.string(), mode: z.number() }));

const SHORTEST = 12;

/** Throws GC1001 where a lock would hold nobody off, or is no age recipient. */
function checkLock(lock: Lock): void {
  if ("passphrase" in lock) {
    if ([...lock.passphrase.reveal()].length >= SHORTEST) return;
    throw new CodedError("GC1001", `the passphrase has fewer than ${SHORTEST} characters`, {
      remedy: "Take several random words; age -p makes some.",
    });
  }
  for (const recipient of lock.recipients) {
    try {
      new Encrypter().addRecipient(recipient);
    } catch (cause) {
      // Somebody may have taken the secret half for the public one.
      const shown = /^age1[0-9a-z]+$/.test(recipient) ? recipient : "what was given";
      throw new CodedError("GC1001", `${shown} is no age recipient`, {
        remedy: "A recipient is the public key that age-keygen prints, age1…",
        cause,
      });
    }
  }
}

/** Throws GC1001 as `checkLock` does. */
export function sealWith(lock: Lock): Seal {
  checkLock(lock);
  return { by: "passphrase" in lock ? "passphrase" : "recipients", close: (files) => encryptFiles(files, lock) };
}

async function encryptFiles(files: readonly ProjectFile[], lock: Lock): Promise<Uint8Array> {
  const age = new Encrypter();
  if ("passphrase" in lock) age.setPassphrase(lock.passphrase.reveal());
  else for (const recipient of lock.recipients) age.addRecipient(recipient);
  return await age.encrypt(JSON.stringify(files));
}

/** Throws GC1806 where the key is not the right one. */
export async function decryptFiles(encrypted: Uint8Array, key: Key): Promise<ProjectFile[]> {
  const age = new Decrypter();
  const what = "passphrase" in key ? "passphrase" : "identity";
  try {
    if ("passphrase" in key) age.addPassphrase(key.passphrase.reveal());
    else for (const identity of key.identities) age.addIdentity(identity.reveal());
    return z.parse(shape, JSON.parse(await age.decrypt(encrypted, "text")));
  } catch (cause) {
    throw new CodedError("GC1806", `the secrets of the backup do not open with this ${what}`, {
      remedy: `Give the ${what} that the backup was made with, or restore without its secrets: --without-secrets`,
      cause,
    });
  }
}
